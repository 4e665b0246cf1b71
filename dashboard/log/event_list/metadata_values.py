"""Values in the metadata of an event, by their path."""

import json
import re
from collections.abc import Iterable
from typing import Any

_KEY = re.compile(r"(?:\\.|[^.\\])+")


class Number(str):
    """A JSON number as it is written, so that 1.50 stays 1.50."""

    __slots__ = ()


def load(metadata: str) -> dict[str, Any]:
    """The object in the text of `events.metadata`, its numbers as they are written."""
    value: dict[str, Any] = json.loads(metadata, parse_float=Number, parse_int=Number)
    return value


def keys(path: str) -> list[str]:
    r"""The keys of a dotted path; a dot or backslash that belongs to a key has a backslash before it.

    >>> keys(r"user.role"), keys(r"a\.b.c")
    (['user', 'role'], ['a.b', 'c'])
    """
    return [re.sub(r"\\(.)", r"\1", key) for key in _KEY.findall(path)]


def path(names: Iterable[str]) -> str:
    r"""The dotted path of keys.

    >>> path(["a.b", "c"])
    'a\\.b.c'
    """
    return ".".join(re.sub(r"([.\\])", r"\\\1", name) for name in names)


def at(metadata: str, dotted: str) -> str:
    """The value at a path as text, "" where there is none.

    >>> at('{"user": {"role": "admin", "id": 1.50}}', "user.id")
    '1.50'
    """
    value: Any = load(metadata)
    for key in keys(dotted):
        if not isinstance(value, dict) or key not in value:
            return ""
        value = value[key]
    return text(value)


def text(value: Any) -> str:
    """A text itself, any other value as JSON."""
    return str(value) if isinstance(value, str) else _json(value)


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
