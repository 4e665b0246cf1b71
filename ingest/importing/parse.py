"""One record → Event, or InvalidEvent: the rules in full, for what SQL is not certain of."""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, NamedTuple

from audit_store import event
from audit_store.errors import InvalidEvent, InvalidFormat
from audit_store.event import UUID_PATTERN, Event
from ingest.formats.declaration import SPOOL_FIELDS
from ingest.importing.mapping import Recipe, is_path
from ingest.importing.record_sql import MOST

TRIMMED = "trimmed"
_STEP = re.compile(r'\.([^.\[\]"]+)|\."([^"]*)"|\[(\d+)\]')
_BRACED = re.compile(r"\{([^{}]+)\}")
_UUID = re.compile(UUID_PATTERN)


class Parsed(NamedTuple):
    """An event, the id that it got when it was appended (None: not yet), and whether it came with a time."""

    event: Event
    fresh_id: str | None
    timed: bool


def parse_record(text: str) -> dict[str, Any]:
    """The JSON object in a text, strictly by RFC 8259. Raises InvalidEvent with the field "record"."""
    try:
        value = _decode(text)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("record", text, f"it must be a JSON object ({error})") from None
    if not isinstance(value, dict):
        raise InvalidEvent("record", text, "it must be a JSON object, {…}")
    return value


def record_to_event(record: Mapping[str, Any], recipe: Recipe) -> Parsed:
    """The event in a record. Raises InvalidEvent.

    A field that is read by its own name keeps its type, which `Event` checks. From any other key or path, numbers and
    booleans become text, and objects, lists and "" count as not given.
    """
    values, used = _gather(record, recipe)
    # Of two rules for one field the first one decides.
    for rule in reversed(recipe.when):
        value = _scalar(_at(record, rule.path))
        if value is not None and rule.equals in (None, value):
            values.update(rule.values)
    values = {**recipe.constants, "source": recipe.source, **values}
    if recipe.rest:
        _keep_rest(values, {name: value for name, value in record.items() if name not in used})
    if recipe.trim:
        values |= {name: _cut(values[name], most) for name, most in MOST.items() if name in values}
    given_id, appended_at, _ = (values.pop(name, None) for name in SPOOL_FIELDS)
    fresh_id = _checked_id(given_id)
    timed = values.get("occurred_at") is not None
    if not timed and appended_at is not None:
        values["occurred_at"] = event.parse_time(appended_at)
    return Parsed(_event(values, recipe), fresh_id, timed)


def _gather(record: Mapping[str, Any], recipe: Recipe) -> tuple[dict[str, Any], Collection[str]]:
    """The values of the event's fields, and the keys of the record that they use."""
    if recipe.by_name:
        return {
            name: value for name in recipe.fields if (value := record.get(name)) is not None
        }, recipe.fields
    values: dict[str, Any] = {}
    used = set()
    for name, candidates in recipe.fields.items():
        for candidate in candidates:
            value = _value(record, name, candidate)
            # An empty key is used, too: it would only clutter the metadata.
            if value is not None or record.get(candidate) in (None, ""):
                used.add(candidate)
            if value is not None:
                values[name] = value
                break
    return values, used


def _checked_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise InvalidEvent("fresh_id", value, "it must be a UUID in its usual 36 characters")
    return value.lower()


def _event(values: dict[str, Any], recipe: Recipe) -> Event:
    try:
        return Event.of(values, zone=recipe.zone)
    except InvalidEvent as error:
        # Only now: measuring each record beforehand would double the work.
        if not recipe.trim or error.field != "metadata":
            raise
    return Event.of({**values, "metadata": _fitting(values["metadata"])}, zone=recipe.zone)


def _keep_rest(values: dict[str, Any], rest: dict[str, Any]) -> None:
    own = values.get("metadata")
    if not rest:
        return
    # The metadata's own text is kept as it is, but with more to keep it has to be parsed.
    if isinstance(own, str):
        event.check_metadata(own)
        own = json.loads(own)
    if own is not None and not isinstance(own, dict):
        raise InvalidEvent("metadata", own, "it must be a JSON object, {…}")
    for name in own or ():
        if name in rest:
            raise InvalidEvent(
                "metadata", name, "the record has this key in its metadata and beside it; keep one"
            )
    values["metadata"] = {**(own or {}), **rest}


def _fitting(rest: dict[str, Any]) -> dict[str, Any]:
    """The rest within the limits of metadata: the largest members are removed, and `trimmed` lists their names."""
    removed: list[str] = []
    while rest and not _fits({**rest, TRIMMED: removed}):
        # A member that does not even fit alone comes first, whatever its size: it is nested too deep.
        largest = max(rest, key=lambda name: (not _fits({name: rest[name]}), len(json.dumps(rest[name]))))
        rest = {name: value for name, value in rest.items() if name != largest}
        removed.append(largest)
    return {**rest, TRIMMED: removed} if removed else rest


def _fits(value: dict[str, Any]) -> bool:
    try:
        event.check_metadata(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except InvalidEvent:
        return False
    return True


def _value(record: Mapping[str, Any], name: str, candidate: str) -> Any:
    if candidate == name or name == "metadata":
        return _at(record, candidate)
    if _BRACED.search(candidate):
        return _filled(record, candidate)
    return _scalar(_at(record, candidate))


def _filled(record: Mapping[str, Any], template: str) -> str | None:
    values = {key: _scalar(_at(record, key)) for key in _BRACED.findall(template)}
    if None in values.values():
        return None
    return _BRACED.sub(lambda braced: str(values[braced[1]]), template)


def _at(record: Mapping[str, Any], key_or_path: str) -> Any:
    if not is_path(key_or_path):
        return record.get(key_or_path)
    value: Any = record
    for step in _steps(key_or_path):
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


@cache
def _steps(path: str) -> tuple[str | int, ...]:
    if _STEP.sub("", path) != "$":
        raise InvalidFormat(f"invalid path {path!r}; write it like $.user.name or $.users[0].name")
    return tuple(int(index) if index else name or quoted for name, quoted, index in _STEP.findall(path))


def _scalar(value: object) -> str | None:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value if isinstance(value, str) and value else None


def _cut(value: Any, most: int) -> Any:
    return value[: most - 1] + "…" if isinstance(value, str) and len(value) > most else value


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
