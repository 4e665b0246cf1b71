"""The next revision of a record, whatever kind of alarm it is."""

from dataclasses import replace
from datetime import datetime

from alarms.records.record import WITHDRAWN, AlarmRecord


def next_revision(record: AlarmRecord, current: AlarmRecord, change: str) -> AlarmRecord:
    """The revision after `record`, under its id, which says what `current` says; `change` says what differs."""
    return replace(
        current,
        id=record.id,
        revision=record.revision + 1,
        change=change,
        first_recorded_at=record.first_recorded_at,
    )


def withdrawn(record: AlarmRecord, reason: str, now: datetime) -> AlarmRecord:
    """The revision that takes an alarm back at `now` (naive UTC), with its last figures."""
    gone = replace(record, status=WITHDRAWN, recorded_at=now)
    return next_revision(record, gone, f"withdrawn: {reason}")
