"""A format and the caller's options as one: the recipe by which a record becomes an event."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from audit_store.errors import InvalidFormat
from audit_store.event import FIELDS, Event
from ingest.formats import Format, When
from ingest.formats.line_shape import LINE_FIELDS, LineShape


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller of an import decides.

    `keys`: with "content", the key of an event without one is derived from its record, so that reading a file twice
    gives the same keys; with "fresh" it is new each time. `timezone` (IANA) is that of times without an offset,
    `year` that of times without a year; `source` is that of events that name none. `map` gives, for a field of an
    event, the key, column or path (`$.a.b`) that it comes from, or "" for none. With `now`, an event without a time
    gets that of the reading; otherwise it is rejected.
    """

    keys: Literal["content", "fresh"] = "content"
    timezone: str | None = None
    year: int | None = None
    source: str | None = None
    map: Mapping[str, str] | None = None
    now: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """A format and the caller's options as one: how a record becomes an event.

    `by_name`: each field comes from the key of its own name alone.
    """

    fields: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    when: tuple[When, ...]
    rest: bool
    trim: bool
    source: str
    zone: tzinfo | None
    lines: LineShape | None
    by_name: bool

    def plain_fields(self) -> dict[str, str] | None:
        """The one key behind each event field, or None if the recipe is more than that."""
        if self.when or self.trim:
            return None
        plain = {name: candidates[0] for name, candidates in self.fields.items() if len(candidates) == 1}
        keys = set(plain.values())
        are_keys = all(not is_path(key) and "{" not in key for key in keys)
        # DuckDB's structs ignore case.
        are_distinct = len({key.casefold() for key in keys}) == len(keys)
        return plain if len(plain) == len(self.fields) and are_keys and are_distinct else None


def recipe_of(fmt: Format, options: ReadOptions) -> Recipe:
    """The recipe for reading `fmt`. Raises InvalidFormat for options that make no sense with it."""
    mapping = options.map or {}
    for name in mapping:
        if name not in FIELDS:
            raise InvalidFormat(
                f"--map {name}={mapping[name]}: the fields of an event are {', '.join(FIELDS)}"
            )
    lines = None if fmt.lines is None else _mapped_lines(fmt.lines, mapping)
    source = options.source if options.source is not None else fmt.source
    # A source that no event may have is refused once, here, instead of in every record.
    Event(agent="-", activity="-", source=source)
    fields = _mapped(fmt.fields, mapping if lines is None else {})
    return Recipe(
        fields=fields,
        constants=fmt.constants,
        when=fmt.when,
        rest=fmt.rest,
        trim=fmt.trim,
        source=source,
        zone=_zone(options.timezone or fmt.timezone),
        lines=lines,
        by_name=all(candidates == (name,) for name, candidates in fields.items()),
    )


def _mapped(fields: Mapping[str, tuple[str, ...]], mapping: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    candidates = {**fields, **{name: (key,) for name, key in mapping.items()}}
    return {name: keys for name, keys in candidates.items() if keys != ("",)}


def _mapped_lines(shape: LineShape, mapping: Mapping[str, str]) -> LineShape:
    for name, group in mapping.items():
        if name not in LINE_FIELDS or group not in ("", *shape.groups):
            raise InvalidFormat(
                f"--map {name}={group}: {', '.join(LINE_FIELDS)} may come from {', '.join(shape.groups)}"
            )
    return replace(shape, fields=_mapped(shape.fields, mapping), fixed=frozenset(mapping))


def first_key(candidate: str) -> str:
    """The key of the record under which a plain candidate begins; "" for a template and for a path with quotes."""
    if "{" in candidate or (is_path(candidate) and not candidate[2:3].isalnum()):
        return ""
    return re.split(r"[.\[]", candidate.removeprefix("$."))[0] if is_path(candidate) else candidate


def is_path(candidate: str) -> bool:
    """Whether a candidate is a path into the record rather than one of its keys."""
    return candidate.startswith(("$.", "$["))


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as error:
        raise InvalidFormat(f"unknown time zone {name!r}: give an IANA name such as Europe/Berlin") from error
