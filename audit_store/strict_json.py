"""The JSON object in a text, by RFC 8259 and no more."""

import json
from typing import Any

from audit_store.errors import InvalidEvent, reason


def parse_object(field: str, text: str) -> dict[str, Any]:
    """The JSON object in a text, whose keys must be distinct. Raises InvalidEvent with this field."""
    try:
        value = _decode(text)
    except _Refused as refused:
        raise InvalidEvent(field, refused.value, refused.allowed) from None
    except json.JSONDecodeError as error:
        is_object = text.lstrip(" \t\r\n").startswith("{")
        problem = f", and {reason(error)}" if is_object else ", {…}"
        raise InvalidEvent(field, text, f"it must be a JSON object{problem}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(field, text, f"it must be a JSON object: {reason(error)}") from None
    if not isinstance(value, dict):
        raise InvalidEvent(field, text, "it must be a JSON object, {…}")
    return value


class _Refused(Exception):
    def __init__(self, value: str, allowed: str) -> None:
        super().__init__(value, allowed)
        self.value, self.allowed = value, allowed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Refused(next(name for name in names if names.count(name) > 1), "duplicate key")
    return members


def _no_constant(name: str) -> float:
    raise _Refused(name, "NaN and Infinity are not valid JSON")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).decode
