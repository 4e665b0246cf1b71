"""The address of a client in the notations of logs."""

import re
from collections.abc import Sequence
from typing import Any

NONE = frozenset({"", "-", "?", "null", "(null)", "none", "unknown"})
"""What logs write where there is no address."""

_WITH_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.%\w]+)\](?::\d{1,5})?")
_MAPPED = "::ffff:"


def client_address(value: Any) -> str | None:
    """The address of the client: without a port and brackets; of a list, the first, which is the client's.

    A list may be an array or a text with commas, as in X-Forwarded-For. An IPv4 address that is written as an IPv6
    address loses the prefix `::ffff:`. Any other text, such as a host's name, stays; None if there is no address.
    """
    parts: Sequence[Any] = value.split(",") if isinstance(value, str) else value
    texts = (part.strip() for part in parts if isinstance(part, str)) if isinstance(parts, list) else ()
    return next((_plain(text) for text in texts if text.lower() not in NONE), None)


def _plain(text: str) -> str:
    if match := _WITH_PORT.fullmatch(text) or _BRACKETED.fullmatch(text):
        text = match[1]
    address = text[len(_MAPPED) :]
    return address if text.lower().startswith(_MAPPED) and "." in address else text
