"""A format ready for use: the declaration of a file, with its patterns compiled and its names checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from audit_store.event import FIELDS
from ingest.formats.declaration import Declaration, InvalidDeclaration, filled_keys
from ingest.formats.line_shape import LINE_FIELDS, LineShape, Rule

# RE2, which runs the patterns in time linear in the text, has neither.
_BEYOND_RE2 = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=")
_RECORDS = re.compile(r"\$(\.\w+)?")
_OWN_NAMES = {name: (name,) for name in FIELDS}


@dataclass(frozen=True, slots=True)
class When:
    """If the value at `path` exists (and equals `equals`, if given), the fields in `values` are set."""

    path: str
    equals: str | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Format:
    """How the records of a file become events.

    `fields` gives the candidates of each event field, `constants` the values of fields for which none has a value.
    With `rest`, keys that no field took are kept in the metadata; with `trim`, what is too long for an event is cut
    and marked instead of refused. `source` and `timezone` are defaults that the caller may override.
    """

    name: str
    title: str
    kind: str
    fields: Mapping[str, tuple[str, ...]]
    extensions: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    source: str = ""
    timezone: str | None = None
    rest: bool = True
    trim: bool = False
    records: str = "$"
    constants: Mapping[str, str] = field(default_factory=dict)
    when: tuple[When, ...] = ()
    lines: LineShape | None = None


def build(name: str, declared: Declaration) -> Format:
    """The format of a declaration. Raises InvalidDeclaration."""
    if not _RECORDS.fullmatch(declared.records):
        raise InvalidDeclaration("records", f"{declared.records!r} must be $ or $.name")
    if declared.timezone is not None:
        _check_zone(declared.timezone)
    of_lines = declared.kind == "lines"
    pattern = declared.detect.pattern
    return Format(
        name=name,
        title=declared.title or name,
        kind=declared.kind,
        # The records that SQL makes of lines already have the names of an event.
        fields=_OWN_NAMES if of_lines or declared.fields is None else _candidates(declared.fields),
        extensions=declared.detect.extensions,
        pattern=None if pattern is None else _compiled(pattern, "detect.pattern"),
        source=declared.source,
        timezone=declared.timezone,
        rest=declared.metadata == "rest",
        trim=declared.trim,
        records=declared.records,
        constants=filled_keys(declared.constants),
        when=tuple(When(entry.path, entry.equals, filled_keys(entry.set)) for entry in declared.when),
        lines=_line_shape(declared) if of_lines else None,
    )


def _candidates(declared: Any) -> Mapping[str, tuple[str, ...]]:
    return {
        name: (texts,) if isinstance(texts, str) else texts for name, texts in filled_keys(declared).items()
    }


def _line_shape(declared: Declaration) -> LineShape:
    pattern = _re2(declared.line, "line")
    groups = _group_names(pattern)
    fields = _candidates(declared.fields)
    used = (*declared.message, *declared.keep, *declared.numbers, "time")
    for name in (*used, *(name for candidates in fields.values() for name in candidates)):
        if name not in groups:
            raise InvalidDeclaration("line", f"it has no group {name!r}, only {', '.join(groups)}")
    return LineShape(
        pattern=pattern.pattern,
        groups=groups,
        message=declared.message,
        fields=fields,
        fixed=frozenset(),
        rules=tuple(_rule(number, rule) for number, rule in enumerate(declared.rules, start=1)),
        keep=declared.keep,
        numbers=declared.numbers,
    )


def _rule(number: int, declared: Any) -> Rule:
    key = f"rules[{number}].pattern"
    pattern = _re2(declared.pattern, key)
    for name in pattern.groupindex:
        if name not in LINE_FIELDS:
            raise InvalidDeclaration(key, f"group {name!r} is not one of {', '.join(LINE_FIELDS)}")
    constants = {name: value for name, value in filled_keys(declared).items() if name != "pattern"}
    return Rule(pattern.pattern, dict(pattern.groupindex), constants)


def _group_names(pattern: re.Pattern[str]) -> tuple[str, ...]:
    names = {number: name for name, number in pattern.groupindex.items()}
    return tuple(names.get(number, f"_{number}") for number in range(1, pattern.groups + 1))


def _re2(text: str, key: str) -> re.Pattern[str]:
    if _BEYOND_RE2.search(text):
        raise InvalidDeclaration(key, "look-around and back-references are not supported")
    return _compiled(text, key)


def _compiled(text: str, key: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidDeclaration(key, str(error)) from error


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidDeclaration(
            "timezone", f"{name!r} is not an IANA time zone such as Europe/Berlin"
        ) from error
