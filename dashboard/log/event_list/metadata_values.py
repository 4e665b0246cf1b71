"""Values in the metadata of an event, by the names that filters give them."""

import json
from collections.abc import Sequence
from typing import Any

from audit_store.filters.metadata import PREFIX, path_of


class Number(str):
    """A JSON number as it is written, so that 1.50 stays 1.50."""

    __slots__ = ()


def load(metadata: str) -> dict[str, Any]:
    """The object in the text of `events.metadata`, its numbers as they are written."""
    value: dict[str, Any] = json.loads(metadata, parse_float=Number, parse_int=Number)
    return value


def at(metadata: str, name: str) -> str:
    """The value of a name such as `meta.user.role` as text, "" where there is none.

    >>> at('{"user": {"roles": ["admin", 1.50]}}', "meta.user.roles.1")
    '1.50'
    """
    value = _inside(load(metadata), name)
    return "" if value is _MISSING else text(value)


def first_of(metadata: str, paths: Sequence[str]) -> tuple[str, str] | None:
    """The name and the value, as a filter compares it, at the first of `paths` where there is one.

    Null and an empty text are no value, nor is an object or a list.

    >>> first_of('{"trace_id": "", "request": {"id": 7}}', ["trace_id", "request.id"])
    ('meta.request.id', '7')
    """
    values = load(metadata)
    for name in (f"{PREFIX}{path}" for path in paths):
        value = _inside(values, name)
        if value is not _MISSING and not isinstance(value, dict | list) and compared(value):
            return name, compared(value)
    return None


def compared(value: Any) -> str:
    """A value as the store compares it: a number with a fraction in its shortest form, "" for null."""
    if value is None:
        return ""
    if isinstance(value, Number) and not value.lstrip("-").isdecimal():
        return repr(float(value))
    return text(value)


def text(value: Any) -> str:
    """A text itself, any other value as JSON."""
    return str(value) if isinstance(value, str) else _json(value)


_MISSING = object()


def _inside(value: Any, name: str) -> Any:
    for key in path_of(name) or ():
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _MISSING
    return value


def _json(value: Any) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_json(value[key])}" for key in value)
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
