"""A believable, wholly invented log of a customer-engagement platform, to look at and to test with."""

from demo.generate import generate, planted
from demo.planted import Planted

__all__ = ["Planted", "generate", "planted"]
