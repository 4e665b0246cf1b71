"""One record → Event, or InvalidEvent: the exact way, for what SQL is not sure of."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from audit_store import event
from audit_store.errors import InvalidEvent, InvalidFormat
from audit_store.event import UUID_PATTERN, Event
from ingest.importing.mapping import Recipe, is_path
from ingest.importing.record_sql import MOST

TRIMMED = "trimmed"
_STEP = re.compile(r'\.([^.\[\]"]+)|\."([^"]*)"|\[(\d+)\]')
_PLACE = re.compile(r"\{([^{}]+)\}")
_UUID = re.compile(UUID_PATTERN)


class Parsed(NamedTuple):
    """An event, the id it was given when it was appended (None: none yet), and whether it said its time."""

    event: Event
    fresh_id: str | None
    timed: bool


def parse_record(text: str) -> dict[str, Any]:
    """The JSON object in a text, by the letter of RFC 8259; raises InvalidEvent, with the field "record"."""
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("record", text, f"it must be a JSON object ({error})") from None
    if not isinstance(value, dict):
        raise InvalidEvent("record", text, "it must be a JSON object, {…}")
    return value


def record_to_event(record: Mapping[str, Any], recipe: Recipe) -> Parsed:
    """The event in a record.

    Raises InvalidEvent. A field that is read by its own name keeps its type, and `Event` says whether that
    will do; from any other place numbers and booleans are taken as text, and objects, lists and "" not.
    """
    values, used = _gather(record, recipe)
    # Backwards, so that of two rules for one field the first has the last word.
    for rule in reversed(recipe.when):
        found = _scalar(_at(record, rule.path))
        if found is not None and rule.equals in (None, found):
            values.update(rule.values)
    values = {**recipe.constants, "source": recipe.source, **values}
    if recipe.rest:
        _keep_rest(values, {name: value for name, value in record.items() if name not in used})
    if recipe.trim:
        values |= {name: _cut(values[name], most) for name, most in MOST.items() if name in values}
    fresh_id, appended_at = _checked_id(values.pop("fresh_id", None)), values.pop("appended_at", None)
    timed = values.get("occurred_at") is not None
    if not timed and appended_at is not None:
        values["occurred_at"] = event.parse_time(appended_at)
    return Parsed(_event(values, recipe), fresh_id, timed)


def _gather(record: Mapping[str, Any], recipe: Recipe) -> tuple[dict[str, Any], set[str]]:
    """The values of the event's fields, and the keys of the record that are spent by them."""
    values: dict[str, Any] = {}
    used = set()
    for name, candidates in recipe.fields.items():
        for candidate in candidates:
            found = _take(record, name, candidate)
            # A key with nothing in it is spent too: it would only litter the metadata.
            if found is not None or record.get(candidate) in (None, ""):
                used.add(candidate)
            if found is not None:
                values[name] = found
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
        # Only now, because to measure each record beforehand would double the work.
        if not recipe.trim or error.field != "metadata":
            raise
    return Event.of({**values, "metadata": _fitting(values["metadata"])}, zone=recipe.zone)


def _keep_rest(values: dict[str, Any], rest: dict[str, Any]) -> None:
    given = values.get("metadata")
    if not rest:
        return
    # Text of its own is kept as it stands, but with more to keep it has to be opened.
    if isinstance(given, str):
        event.check_metadata(given)
        given = json.loads(given)
    if given is not None and not isinstance(given, dict):
        raise InvalidEvent("metadata", given, "it must be a JSON object, {…}")
    for name in given or ():
        if name in rest:
            raise InvalidEvent("metadata", name, "this key stands in the metadata and beside it; keep one")
    values["metadata"] = {**(given or {}), **rest}


def _fitting(rest: dict[str, Any]) -> dict[str, Any]:
    """The rest within the limits of metadata: the largest members go, and `trimmed` lists their names."""
    gone: list[str] = []
    while rest and not _fits({**rest, TRIMMED: gone}):
        # A member that does not even fit alone is the culprit, whatever its size: it is nested too deep.
        largest = max(rest, key=lambda name: (not _fits({name: rest[name]}), len(json.dumps(rest[name]))))
        rest = {name: value for name, value in rest.items() if name != largest}
        gone.append(largest)
    return {**rest, TRIMMED: gone} if gone else rest


def _fits(value: dict[str, Any]) -> bool:
    try:
        event.check_metadata(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    except InvalidEvent:
        return False
    return True


def _take(record: Mapping[str, Any], name: str, candidate: str) -> Any:
    if candidate == name or name == "metadata":
        return _at(record, candidate)
    if _PLACE.search(candidate):
        return _fill(record, candidate)
    return _scalar(_at(record, candidate))


def _fill(record: Mapping[str, Any], template: str) -> str | None:
    found = {place: _scalar(_at(record, place)) for place in _PLACE.findall(template)}
    if None in found.values():
        return None
    return _PLACE.sub(lambda place: str(found[place[1]]), template)


def _at(record: Mapping[str, Any], place: str) -> Any:
    if not is_path(place):
        return record.get(place)
    value: Any = record
    for step in _steps(place):
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
        raise InvalidFormat(f"path {path!r} cannot be read: write it like $.user.name or $.users[0].name")
    return tuple(int(place) if place else name or quoted for name, quoted, place in _STEP.findall(path))


def _scalar(value: object) -> str | None:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value if isinstance(value, str) and value else None


def _cut(value: Any, most: int) -> Any:
    return value[: most - 1] + "…" if isinstance(value, str) and len(value) > most else value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidEvent("record", twice, "each key may stand once in an object")
    return found


def _no_constant(name: str) -> float:
    raise InvalidEvent("record", name, "NaN and Infinity are not valid JSON")
