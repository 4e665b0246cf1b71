"""What a format file may say, and what becomes of it.

The keys of such a file are those of `_KEYS`; every file in this folder is an example. Where a field of an
event may come from is a list of candidates, tried in order: a key of the record (a column, a named group of
`line`), a path (`$.userIdentity.arn`, `$.resources[0].ARN`), or a text with such places in braces, which
counts when all of them are filled.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from audit_store.event import FIELDS
from ingest.importing.record_sql import LINE_FIELDS, LineShape, Rule
from ingest.importing.staging_sql import SPOOL_FIELDS

KINDS = ("jsonl", "json-records", "csv", "parquet", "lines")
_KEYS: dict[str, type] = {
    "title": str,
    "kind": str,
    "detect": dict,
    "source": str,
    "timezone": str,
    "metadata": str,
    "trim": bool,
    "records": str,
    "fields": dict,
    "constants": dict,
    "when": list,
    "line": str,
    "message": list,
    "keep": list,
    "numbers": list,
    "rules": list,
}
_DETECT_KEYS = frozenset({"extensions", "pattern"})
_WHEN_KEYS = frozenset({"path", "equals", "set"})
# RE2, which runs the patterns in time linear in the text, has neither.
_BEYOND_RE2 = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=")


@dataclass(frozen=True, slots=True)
class When:
    """Where the value at `path` is there (and equals `equals`, if given), the fields in `values` are set."""

    path: str
    equals: str | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Format:
    """How the records of a file become events.

    `fields` gives the candidates of each event field, `constants` what stands in where none is filled. With
    `rest`, keys that no field took are kept in the metadata; with `trim`, what is too long for an event is
    cut and marked instead of refused. `source` and `timezone` are defaults that the caller may override.
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


class Wrong(Exception):
    """What is wrong with a declaration; the loader adds the file."""


def build(name: str, data: dict[str, Any]) -> Format:
    """The format that `data` declares; raises Wrong, naming the key."""
    for key, value in data.items():
        if not isinstance(value, _KEYS.get(key, ())):
            expected = _KEYS[key].__name__ if key in _KEYS else f"one of the keys {', '.join(_KEYS)}"
            raise Wrong(f"key {key!r} must be {expected}")
    detection, kind = data.get("detect", {}), str(data.get("kind"))
    _only(detection, _DETECT_KEYS, "detect")
    _one_of(kind, KINDS, "kind")
    _one_of(data.get("metadata", "rest"), ("rest", "none"), "metadata")
    records = data.get("records", "$")
    if not re.fullmatch(r"\$(\.\w+)?", records):
        raise Wrong(f"key 'records' is {records!r}: it must be $ or $.name")
    if "timezone" in data:
        _check_zone(data["timezone"])
    fields = _fields(data.get("fields"), kind)
    return Format(
        name=name,
        title=data.get("title", name),
        kind=kind,
        # The records that SQL makes of lines already have the names of an event.
        fields=_own_names() if kind == "lines" else fields,
        extensions=tuple(detection.get("extensions", ())),
        pattern=_pattern(detection["pattern"], "detect.pattern") if "pattern" in detection else None,
        source=data.get("source", ""),
        timezone=data.get("timezone"),
        rest=data.get("metadata", "rest") == "rest",
        trim=data.get("trim", False),
        records=records,
        constants=_texts(data.get("constants", {}), "constants"),
        when=tuple(_when(entry) for entry in data.get("when", ())),
        lines=_line_shape(data, fields) if kind == "lines" else None,
    )


def _fields(declared: dict[str, Any] | None, kind: str) -> Mapping[str, tuple[str, ...]]:
    if declared is None:
        return {} if kind == "lines" else _own_names()
    _only(declared, frozenset((*FIELDS, *SPOOL_FIELDS)), "fields")
    candidates = {name: [each] if isinstance(each, str) else each for name, each in declared.items()}
    for name, each in candidates.items():
        if not isinstance(each, list) or not all(isinstance(place, str) for place in each):
            raise Wrong(f"key 'fields.{name}' must be text or a list of texts")
    return {name: tuple(each) for name, each in candidates.items()}


def _own_names() -> Mapping[str, tuple[str, ...]]:
    return {name: (name,) for name in FIELDS}


def _when(entry: dict[str, Any]) -> When:
    _only(entry, _WHEN_KEYS, "when")
    if "path" not in entry:
        raise Wrong("key 'when' needs a path")
    return When(entry["path"], entry.get("equals"), _texts(entry.get("set", {}), "when.set"))


def _line_shape(data: dict[str, Any], fields: Mapping[str, tuple[str, ...]]) -> LineShape:
    frame = _re2(data.get("line", ""), "line")
    groups = _group_names(frame)
    wanted = [*data.get("message", ()), *data.get("keep", ()), *data.get("numbers", ())]
    for name in (*wanted, "time", *(name for candidates in fields.values() for name in candidates)):
        _one_of(name, groups, "line, its groups,")
    return LineShape(
        pattern=frame.pattern,
        groups=groups,
        message=tuple(data.get("message", ())),
        fields=fields,
        fixed=frozenset(),
        rules=tuple(_rule(place, rule) for place, rule in enumerate(data.get("rules", ()), start=1)),
        keep=tuple(data.get("keep", ())),
        numbers=tuple(data.get("numbers", ())),
    )


def _rule(place: int, entry: dict[str, Any]) -> Rule:
    where = f"rules[{place}]"
    pattern = _re2(entry.get("pattern", ""), where)
    constants = _texts({name: value for name, value in entry.items() if name != "pattern"}, where)
    _only(pattern.groupindex, frozenset(LINE_FIELDS), where)
    _only(constants, frozenset(LINE_FIELDS), where)
    return Rule(pattern.pattern, dict(pattern.groupindex), constants)


def _group_names(pattern: re.Pattern[str]) -> tuple[str, ...]:
    by_place = {place: name for name, place in pattern.groupindex.items()}
    return tuple(by_place.get(place, f"_{place}") for place in range(1, pattern.groups + 1))


def _re2(text: str, where: str) -> re.Pattern[str]:
    if _BEYOND_RE2.search(text):
        raise Wrong(f"key {where!r}: look-around and back-references cannot be used")
    return _pattern(text, where)


def _pattern(text: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise Wrong(f"key {where!r}: {error}") from error


def _texts(values: dict[str, Any], where: str) -> Mapping[str, str]:
    for name, value in values.items():
        _one_of(name, FIELDS, where)
        if not isinstance(value, str):
            raise Wrong(f"key '{where}.{name}' must be text")
    return MappingProxyType(values)


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Wrong(f"key 'timezone': {error}") from error


def _only(found: Mapping[str, Any], allowed: frozenset[str], where: str) -> None:
    for name in found:
        _one_of(name, sorted(allowed), where)


def _one_of(found: object, allowed: "tuple[str, ...] | list[str]", where: str) -> None:
    if found not in allowed:
        raise Wrong(f"key {where!r}: {found!r} is not one of {', '.join(allowed)}")
