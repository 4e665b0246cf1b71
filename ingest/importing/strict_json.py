"""The JSON object in a text, by RFC 8259 and no more."""

import json
import sys
from typing import Any

from audit_store.errors import InvalidEvent

_MOST_DIGITS = sys.get_int_max_str_digits()


def parse_record(text: str) -> dict[str, Any]:
    """The JSON object in a text, strictly by RFC 8259. Raises InvalidEvent with the field "record"."""
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        raise InvalidEvent("record", text, f"it must be a JSON object ({error})") from None
    except RecursionError:
        raise InvalidEvent("record", text, "it must be nested less deeply") from None
    except ValueError:  # of Python, for an integer of too many digits
        raise InvalidEvent("record", text, f"a number must have at most {_MOST_DIGITS:,} digits") from None
    if not isinstance(value, dict):
        raise InvalidEvent("record", text, "it must be a JSON object, {…}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise InvalidEvent("record", duplicate, "duplicate key")
    return members


def _no_constant(name: str) -> float:
    raise InvalidEvent("record", name, "NaN and Infinity are not valid JSON")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).decode
