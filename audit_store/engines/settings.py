"""Settings that are numbers, from environment variables."""

import os

from audit_store.errors import InvalidSetting

_LONGEST_NUMBER = 12


def number(variable: str, default: int, allowed: str, least: int = 1) -> int:
    """The whole number in an environment variable; `default` where it is not set or empty.

    Raises InvalidSetting, which says what is `allowed`, for any other text and for a number below `least`.
    """
    text = os.environ.get(variable, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and int(text) >= least):
        raise InvalidSetting(variable, text, allowed)
    return int(text)
