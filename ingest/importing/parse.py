"""One record → Event, or InvalidEvent: the rules in full, for what SQL is not certain of."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from audit_store import event
from audit_store.errors import InvalidEvent
from audit_store.event import UUID_PATTERN, Event
from ingest.formats.conditions import all_hold
from ingest.formats.declaration import SPOOL_FIELDS
from ingest.formats.paths import scalar, value_at
from ingest.importing.fields import times
from ingest.importing.fields.addresses import client_address
from ingest.importing.mapping import Recipe
from ingest.importing.record_sql import MOST

TRIMMED = "trimmed"
_MOST_KEYS = 8
_BRACED = re.compile(r"\{([^{}]+)\}")
_UUID = re.compile(UUID_PATTERN)


class Parsed(NamedTuple):
    """An event, the id that it got when it was appended (None: not yet), and whether it came with a time."""

    event: Event
    fresh_id: str | None
    timed: bool


def record_to_event(record: Mapping[str, Any], recipe: Recipe) -> Parsed:
    """The event in a record. Raises InvalidEvent.

    A field that is read by its own name keeps its type, which `Event` checks. From any other key or path, numbers and
    booleans become text, and objects, lists and "" count as not given; an address is cleaned.
    """
    values, used = _gather(record, recipe)
    # Of two rules for one field the first one decides.
    changed: dict[str, Any] = {}
    for rule in recipe.when:
        if not changed.keys() >= rule.values.keys() and all_hold(rule.conditions, record):
            changed = {**rule.values, **changed}
    values |= {name: _set_value(record, value) for name, value in changed.items()}
    values = {**recipe.constants, "source": recipe.source, **values}
    if recipe.rest:
        taken = {key for key, name in used.items() if _is_kept(record.get(key), values.get(name), name)}
        _keep_rest(values, {name: value for name, value in record.items() if name not in taken})
    if recipe.trim:
        values |= {name: _cut(values[name], most) for name, most in MOST.items() if name in values}
    given_id, appended_at, _ = (values.pop(name, None) for name in SPOOL_FIELDS)
    fresh_id = _checked_id(given_id)
    timed = values.get("occurred_at") is not None
    if timed:
        values["occurred_at"] = times.read(values["occurred_at"], recipe.times).moment
    elif appended_at is not None:
        values["occurred_at"] = event.parse_time(appended_at)
    return Parsed(_event(values, record, recipe), fresh_id, timed)


def _gather(record: Mapping[str, Any], recipe: Recipe) -> tuple[dict[str, Any], Mapping[str, str]]:
    """The values of the event's fields, and the keys of the record that they use, with their fields."""
    if recipe.by_name and not recipe.values:
        values = {name: value for name in recipe.fields if (value := record.get(name)) is not None}
        return values, dict.fromkeys(recipe.fields, "") | {name: name for name in values}
    values = {}
    used = {}
    for name, candidates in recipe.fields.items():
        for candidate in candidates:
            value = _value(record, name, candidate)
            # An empty key is used, too: it would only clutter the metadata.
            if value is not None or record.get(candidate) in (None, ""):
                used[candidate] = name
            if value is not None:
                values[name] = _translated(value, name, recipe)
                break
    return values, used


def _set_value(record: Mapping[str, Any], value: str) -> str | None:
    """What a rule sets: its text, with the values of the keys and paths in braces; None where one has no value."""
    return _filled(record, value) or None


def _translated(value: Any, name: str, recipe: Recipe) -> Any:
    """What a value becomes by `values`; an outcome that is not listed there is none."""
    if name not in recipe.values:
        return value
    by_value = recipe.values[name]
    other = by_value.get("*", None if name == "outcome" else value)
    return by_value.get(scalar(value) or "", other)


def _is_kept(original: Any, value: Any, name: str) -> bool:
    """Whether an event's field keeps what the record's key held."""
    return original in (None, "") or name in ("", "metadata", "occurred_at") or scalar(original) == value


def _checked_id(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise InvalidEvent("fresh_id", value, "it must be a UUID in its usual 36 characters")
    return value.lower()


def _event(values: dict[str, Any], record: Mapping[str, Any], recipe: Recipe) -> Event:
    for name in ("agent", "activity"):
        if values.get(name) is None:
            raise InvalidEvent(name, None, _missing(name, record, recipe))
    try:
        return Event.of(values)
    except InvalidEvent as error:
        # Only now: measuring each record beforehand would double the work.
        if not recipe.trim or error.field != "metadata":
            raise
    return Event.of({**values, "metadata": _fitting(values["metadata"])})


def _missing(name: str, record: Mapping[str, Any], recipe: Recipe) -> str:
    """Where a required field was looked for, what the record has instead, and what to do."""
    filled = [key for key, value in record.items() if value not in (None, "")]
    keys = ", ".join(filled[:_MOST_KEYS]) + (", …" if len(filled) > _MOST_KEYS else "")
    candidates = recipe.fields.get(name, (name,))
    wanted = " or ".join([key for key in candidates if "{" not in key] or candidates)
    return (
        f"the record has no {wanted}, but {keys or 'no key at all'}: name another key with --map {name}=KEY"
    )


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
        return value_at(record, candidate)
    if _BRACED.search(candidate):
        return _filled(record, candidate)
    value = value_at(record, candidate)
    return client_address(value) if name == "source_ip" else scalar(value)


def _filled(record: Mapping[str, Any], template: str) -> str | None:
    values = {key: scalar(value_at(record, key)) for key in _BRACED.findall(template)}
    if None in values.values():
        return None
    return _BRACED.sub(lambda braced: str(values[braced[1]]), template)


def _cut(value: Any, most: int) -> Any:
    return value[: most - 1] + "…" if isinstance(value, str) and len(value) > most else value
