"""A format ready for use: the declaration of a file, with its patterns compiled and its names checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from audit_store.errors import InvalidFormat
from audit_store.event import FIELDS
from ingest.formats import declaration
from ingest.formats.conditions import Condition, Skip, When
from ingest.formats.declaration import Declaration, InvalidDeclaration, filled_keys
from ingest.formats.decoding import Decoding
from ingest.formats.expansion import Expansion
from ingest.formats.line_patterns import compiled, line_shape, re2
from ingest.formats.line_shape import LineShape
from ingest.formats.paths import Every, is_path, path_of

# The array in a document that holds the records, and the arrays in a record that hold the events.
_RECORDS = re.compile(r"(?P<outer>\$(?:\.\w+)*)(?:\[\*\](?P<inner>(?:\.\w+(?:\.\w+)*\[\*\])*))?")
_BRACED = re.compile(r"\{([^{}]+)\}")
_OWN_NAMES = {name: (name,) for name in FIELDS}


class Join(NamedTuple):
    """Records with the same values of the keys or paths in `by` are one, which has the keys of the first or last."""

    by: tuple[str, ...]
    keep: Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class Format:
    """How the records of a file become events.

    `fields` gives the candidates of each event field, `values` what their values become, `constants` the values of
    fields for which none has a value. With `rest`, keys that no field took are kept in the metadata; with `trim`,
    what is too long for an event is cut and marked instead of refused. `source`, `timezone`, `time_formats` (of
    strptime, or "rfc3339") and `time_unit` are defaults that the caller may override. `records` is the array in each
    document that holds the records; documents with an array at one of the `envelopes` hold records there, and all
    others are records. `keys` are sets of keys, paths and PATH=VALUE; most records have all of one set. `columns` names
    the columns of a CSV without a header, which may have fewer of them.
    """

    name: str
    title: str
    kind: str
    fields: Mapping[str, tuple[str, ...]]
    extensions: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    source: str = ""
    timezone: str | None = None
    time_formats: tuple[str, ...] = ()
    time_unit: Literal["s", "ms", "us", "ns"] | None = None
    rest: bool = True
    trim: bool = False
    records: str = "$"
    envelopes: tuple[str, ...] = ()
    expansion: Expansion = field(default_factory=Expansion)
    join: Join | None = None
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    when: tuple[When, ...] = ()
    columns: tuple[str, ...] = ()
    lines: LineShape | None = None

    @property
    def line_pattern(self) -> re.Pattern[str] | None:
        """The pattern of a line, for formats of lines."""
        return None if self.lines is None else re.compile(self.lines.pattern)


def build(name: str, declared: Declaration) -> Format:
    """The format of a declaration. Raises InvalidDeclaration."""
    if declared.timezone is not None:
        _check_zone(declared.timezone)
    records, envelopes, events = _records(declared.records)
    fields = _fields(declared)
    pattern = declared.detect.pattern
    return Format(
        name=name,
        title=declared.title or name,
        kind=declared.kind,
        # The records that SQL makes of lines by rules already have the names of an event.
        fields=_OWN_NAMES if declared.rules or not fields else fields,
        extensions=declared.detect.extensions,
        pattern=None if pattern is None else compiled(pattern, "detect.pattern"),
        keys=key_sets(declared.detect.keys),
        source=declared.source,
        timezone=declared.timezone,
        time_formats=_texts(declared.time_format),
        time_unit=declared.time_unit,
        rest=declared.metadata == "rest",
        trim=declared.trim,
        records=records,
        envelopes=envelopes,
        expansion=Expansion(
            {key: _decoding(key, decode) for key, decode in declared.decode.items()},
            events,
            tuple(_skip(number, skip) for number, skip in enumerate(declared.skip, start=1)),
            _spellings(declared, fields) if declared.ignore_case else {},
        ),
        join=None if declared.join is None else Join(declared.join.by, declared.join.keep),
        values=filled_keys(declared.values),
        constants=filled_keys(declared.constants),
        when=tuple(_when(number, entry) for number, entry in enumerate(declared.when, start=1)),
        columns=declared.columns,
        lines=line_shape(declared, fields) if declared.kind == "lines" else None,
    )


def _texts(texts: str | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else texts


def _records(paths: str | tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The array of the records, those that a document may have, and the arrays of events within a record."""
    parts = [_RECORDS.fullmatch(path) for path in _texts(paths)]
    if None in parts or len({part["inner"] for part in parts if part}) != 1:
        raise InvalidDeclaration(
            "records",
            f"{paths!r} must be $, $.name or $.name[*].events[*], or a list of such with the same end",
        )
    outer = [part["outer"] for part in parts if part]
    inner = next(part["inner"] for part in parts if part) or ""
    events = tuple(f"${array}" for array in inner.split("[*]") if array)
    if len(outer) == 1:
        return outer[0], (), events
    if "$" not in outer:
        raise InvalidDeclaration("records", f"{paths!r} must have $ among several paths")
    return "$", tuple(path[2:] for path in outer if path != "$"), events


def _fields(declared: Declaration) -> dict[str, tuple[str, ...]]:
    fields = {name: _texts(candidates) for name, candidates in filled_keys(declared.fields).items()}
    for name, candidates in fields.items():
        for candidate in candidates:
            for key in _BRACED.findall(candidate) or (candidate,):
                _check_path(key, f"fields.{name}")
    if declared.kind == "lines" and not declared.rules:
        return {"occurred_at": ("time",), **fields}
    return fields


def _spellings(declared: Declaration, fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """How the keys of a declaration are written, by that and by the same in lower case."""
    candidates = [
        key for texts in fields.values() for text in texts for key in _BRACED.findall(text) or (text,)
    ]
    candidates += [key.partition("=")[0] for keys in key_sets(declared.detect.keys) for key in keys]
    candidates += [*declared.decode, *(rule.path for rule in (*declared.when, *declared.skip))]
    steps = [step for text in candidates for step in (path_of(text).steps if is_path(text) else (text,))]
    keys = [step.key if isinstance(step, Every) else step for step in steps]
    names = [key for key in keys if isinstance(key, str) and key]
    # Of two keys that differ in case alone, the first one is meant by others.
    return {name.lower(): name for name in reversed(names)} | {name: name for name in names}


def key_sets(keys: tuple[str | tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    if all(isinstance(key, str) for key in keys):
        return (tuple(map(str, keys)),) if keys else ()
    return tuple(_texts(key) for key in keys)


def _decoding(key: str, declared: str | declaration.Decode) -> Decoding:
    if isinstance(declared, declaration.Decode):
        patterns = tuple(re2(pattern, f"decode.{key}.patterns") for pattern in declared.patterns)
        return Decoding(
            declared.notation, declared.merge, frozenset(declared.hex), frozenset(declared.nested), patterns
        )
    return Decoding(declared)  # type: ignore[arg-type]


def _when(number: int, declared: declaration.When) -> When:
    values = filled_keys(declared.set)
    for name, text in values.items():
        for key in _BRACED.findall(text):
            _check_path(key, f"when[{number}].set.{name}")
    return When(_conditions(f"when[{number}]", declared), values)


def _skip(number: int, declared: declaration.Skip) -> Skip:
    return Skip(_conditions(f"skip[{number}]", declared), declared.reason)


def _conditions(key: str, declared: Any) -> tuple[Condition, ...]:
    conditions = [_condition(key, declared)]
    conditions += [
        _condition(f"{key}.also[{number}]", entry) for number, entry in enumerate(declared.also, start=1)
    ]
    return tuple(conditions)


def _condition(key: str, declared: declaration.Condition) -> Condition:
    _check_path(declared.path, f"{key}.path")
    return Condition(
        path=declared.path,
        equals=None if declared.equals is None else frozenset(_texts(declared.equals)),
        not_equals=None if declared.not_equals is None else frozenset(_texts(declared.not_equals)),
        prefixes=None if declared.prefix is None else _texts(declared.prefix),
        pattern=None if declared.matches is None else re2(declared.matches, f"{key}.matches"),
        at_least=declared.at_least,
        below=declared.below,
        missing=declared.missing,
    )


def _check_path(candidate: str, key: str) -> None:
    try:
        if is_path(candidate):
            path_of(candidate)
    except InvalidFormat as error:
        raise InvalidDeclaration(key, str(error)) from error


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidDeclaration(
            "timezone", f"{name!r} is not an IANA time zone such as Europe/Berlin"
        ) from error
