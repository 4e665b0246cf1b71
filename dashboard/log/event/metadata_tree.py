"""The metadata of an event as lines of a tree, and the changes that it tells of."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit_store.filters.metadata import PREFIX, name_of
from dashboard.log.event_list.metadata_values import Number, compared, text

MOST_LINES = 200
_WAS = re.compile(r"(.+)_was")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the tree: its key and depth, and its value as text.

    `name` is the filter parameter of the value, and `compared` the text that the filter compares, "" for null. An
    object or list that is not empty has None as its value.
    """

    key: str
    depth: int
    name: str
    value: str | None
    compared: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A value before and after a change, as texts; "–" where there was or is none."""

    path: str
    before: str
    after: str


def lines(value: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[Line]:
    """The lines of an object, each before those inside it; the keys of a list are positions, from 0."""
    for key, inner in value.items():
        keys = (*above, key)
        if isinstance(inner, list):
            inner = {str(position): item for position, item in enumerate(inner)} or inner
        is_open = isinstance(inner, dict) and bool(inner)
        if is_open:
            yield Line(key, len(above), name_of(keys), None)
            yield from lines(inner, keys)
        else:
            yield Line(key, len(above), name_of(keys), text(inner), compared(inner))


def changes(
    value: Mapping[str, Any], pairs: Sequence[tuple[str, str]], above: tuple[str, ...] = ()
) -> Iterator[Change]:
    """The changes that metadata tells of: by `pairs` of keys (`Catalogue.changes`), or `<name>_was` beside `<name>`."""
    for before, after in pairs:
        if before in value and after in value:
            yield from _differences(value[before], value[after], above)
    for key, inner in value.items():
        was = _WAS.fullmatch(key)
        if was and was[1] in value:
            yield from _differences(inner, value[was[1]], (*above, was[1]))
        if isinstance(inner, dict):
            yield from changes(inner, pairs, (*above, key))


def _differences(before: Any, after: Any, names: tuple[str, ...]) -> Iterator[Change]:
    """The values that differ; of two objects, those in them."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences(before.get(key, _MISSING), after.get(key, _MISSING), (*names, key))
    elif before != after:
        yield Change(name_of(names).removeprefix(PREFIX), text(before), text(after))


_MISSING = Number("–")
