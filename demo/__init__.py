"""A generated log of a customer-engagement platform, for demonstrations and tests."""

from demo.generate import generate, planted
from demo.planted import Planted

__all__ = ["Planted", "generate", "planted"]
