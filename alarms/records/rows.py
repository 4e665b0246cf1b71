"""Turns records of alarms into rows of the store, and rows into records."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from alarms.records.identity import SeriesSpan
from alarms.records.record import AlarmRecord, FollowUp, Reason, Share
from audit_store.engines.alarm_records import Row


def as_row(record: AlarmRecord) -> Row:
    """A record as a row: nested values are JSON text."""
    return {field.name: _as_value(getattr(record, field.name)) for field in fields(record)}


def from_row(row: Row) -> AlarmRecord:
    """The record of a row, whose columns may be more. Raises KeyError, TypeError or ValueError for any other row."""
    values = {field.name: row[field.name] for field in fields(AlarmRecord)}
    return AlarmRecord(**values | {name: parse(json.loads(values[name])) for name, parse in _NESTED.items()})


def _as_value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return json.dumps(value)
    if isinstance(value, tuple):
        return json.dumps([_as_json(item) for item in value], default=datetime.isoformat)
    return value


def _as_json(item: Any) -> Any:
    return item.as_record() if isinstance(item, SeriesSpan) else asdict(item)


def _share(value: dict[str, Any]) -> Share:
    first_seen = value["first_seen"]
    return Share(**value | {"first_seen": first_seen and datetime.fromisoformat(first_seen)})


def _follow_up(value: dict[str, Any]) -> FollowUp:
    return FollowUp(**value | {"first_at": datetime.fromisoformat(value["first_at"])})


_NESTED: dict[str, Callable[[Any], Any]] = {
    "reasons": lambda values: tuple(Reason(**value) for value in values),
    "agents": lambda values: tuple(map(_share, values)),
    "addresses": lambda values: tuple(map(_share, values)),
    "followed_by": lambda values: tuple(map(_follow_up, values)),
    "spans": lambda values: tuple(map(SeriesSpan.from_record, values)),
    "where": dict,
}
