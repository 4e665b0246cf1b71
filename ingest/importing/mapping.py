"""A format and the caller's options as one: the recipe by which a record becomes an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from audit_store.errors import InvalidFormat
from audit_store.event import FIELDS, Event
from ingest.formats import Format, When
from ingest.formats.expansion import Expansion
from ingest.formats.line_shape import LINE_FIELDS, LineShape
from ingest.formats.paths import is_path
from ingest.importing.fields.map_entry import MapEntry, map_entry
from ingest.importing.fields.times import UNITS, TimeRules

_STRICT = "rfc3339"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller of an import decides.

    `keys`: with "content", the key of an event without one is derived from its record, so that reading a file twice
    gives the same keys; with "fresh" it is new each time. `timezone` (IANA) is that of times without an offset,
    `year` that of times without a year, `time_format` that of times (of strptime, or s, ms, us or ns since 1970);
    `source` is that of events that name none. `map` says, for a field of an event, where it comes from, as
    `map_entry.map_entry` reads it. With `now`, an event without a time gets that of the reading; otherwise it is
    rejected.
    """

    keys: Literal["content", "fresh"] = "content"
    timezone: str | None = None
    year: int | None = None
    source: str | None = None
    map: Mapping[str, str] | None = None
    now: bool = False
    time_format: str | None = None

    def entries(self) -> dict[str, MapEntry]:
        """What `map` says, by field. Raises InvalidFormat."""
        return {name: map_entry(name, text) for name, text in (self.map or {}).items()}


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
    times: TimeRules
    lines: LineShape | None
    by_name: bool
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    expansion: Expansion = field(default_factory=Expansion)

    @property
    def zone(self) -> tzinfo | None:
        """The zone of times without an offset."""
        return self.times.zone

    def plain_fields(self) -> dict[str, str] | None:
        """The one key behind each event field, or None if the recipe is more than that."""
        if self.when or self.trim or self.values or self.expansion != Expansion():
            return None
        if self.times.formats or self.times.unit:
            return None
        plain = {name: candidates[0] for name, candidates in self.fields.items() if len(candidates) == 1}
        keys = set(plain.values())
        are_keys = all(not is_path(key) and "{" not in key for key in keys)
        # DuckDB's structs ignore case.
        are_distinct = len({key.casefold() for key in keys}) == len(keys)
        return plain if len(plain) == len(self.fields) and are_keys and are_distinct else None


def recipe_of(fmt: Format, options: ReadOptions) -> Recipe:
    """The recipe for reading `fmt`. Raises InvalidFormat for options that make no sense with it."""
    entries = options.entries()
    for name in entries:
        if name not in FIELDS:
            raise InvalidFormat(
                f"--map {name}={(options.map or {})[name]}: the fields of an event are {', '.join(FIELDS)}"
            )
    by_rules = fmt.lines is not None and bool(fmt.lines.rules)
    lines = _mapped_lines(fmt.lines, entries) if fmt.lines is not None and by_rules else fmt.lines
    source = options.source if options.source is not None else fmt.source
    # A source that no event may have is refused once, here, instead of in every record.
    Event(agent="-", activity="-", source=source)
    candidates = {name: entry.candidates for name, entry in entries.items() if not by_rules}
    fields = {name: keys for name, keys in {**fmt.fields, **candidates}.items() if keys not in ((), ("",))}
    constants = {name: text for name, text in fmt.constants.items() if name not in entries}
    constants |= {name: entry.constant for name, entry in entries.items() if entry.constant is not None}
    values = {name: values for name, values in fmt.values.items() if name not in entries}
    return Recipe(
        fields=fields,
        constants=constants,
        when=tuple(_without(rule, entries) for rule in fmt.when),
        rest=fmt.rest,
        trim=fmt.trim,
        source=source,
        times=_time_rules(fmt, options),
        lines=lines,
        by_name=all(candidates == (name,) for name, candidates in fields.items()),
        values=values | {name: entry.values for name, entry in entries.items() if entry.values},
        expansion=fmt.expansion,
    )


def _without(rule: When, entries: Mapping[str, MapEntry]) -> When:
    """A rule without the fields that the caller maps: what the caller says comes first."""
    return replace(rule, values={name: value for name, value in rule.values.items() if name not in entries})


def _mapped_lines(shape: LineShape, entries: Mapping[str, MapEntry]) -> LineShape:
    fields = dict(shape.fields)
    for name, entry in entries.items():
        if (
            entry.values
            or any(group not in shape.groups for group in entry.candidates)
            or (name not in LINE_FIELDS and entry.constant is None)
        ):
            raise InvalidFormat(
                f"--map {name}: {', '.join(LINE_FIELDS)} may come from {', '.join(shape.groups)}"
            )
        fields[name] = entry.candidates
    fields = {name: groups for name, groups in fields.items() if groups}
    return replace(shape, fields=fields, fixed=frozenset(entries))


def _time_rules(fmt: Format, options: ReadOptions) -> TimeRules:
    zone = _zone(options.timezone or fmt.timezone)
    formats, unit = fmt.time_formats, str(fmt.time_unit or "") or None
    if options.time_format in UNITS:
        formats, unit = (), options.time_format
    elif options.time_format:
        formats, unit = (options.time_format,), None
        if "%" not in options.time_format:
            raise InvalidFormat(
                f"--time-format {options.time_format}: write it as strptime has it, such as '%d/%m/%Y %H:%M:%S', "
                f"or give one of {', '.join(UNITS)}"
            )
    if formats == (_STRICT,):
        return TimeRules(zone, strict=True)
    return TimeRules(zone, formats, unit)


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as error:
        raise InvalidFormat(f"unknown time zone {name!r}: give an IANA name such as Europe/Berlin") from error
