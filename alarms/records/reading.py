"""Reads the records of alarms, in milliseconds whatever the size of the store."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alarms.records.record import AlarmRecord
from alarms.records.rows import from_row
from audit_store.engines.alarm_records import Row
from audit_store.engines.protocol import Engine, Query, Reader
from audit_store.ranges import Period

PATIENCE = timedelta(hours=1)
"""How long after it is over an hour may wait to be judged."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a store is judged; times are naive UTC, None before the first judgement.

    Hours that end after `judged_until` are not judged yet, or provisionally only; of those before it, `hours_left`
    wait. `judged_at` is when the last step ended, and `problem` why the last run could not end, "" if it did.
    """

    judged_until: datetime | None
    hours_left: int
    judged_at: datetime | None
    problem: str

    def behind(self, now: datetime) -> datetime | None:
        """Up to when the log was judged, if the last hour that is over at `now` (naive UTC) was not; else None."""
        last_full = now.replace(minute=0, second=0, microsecond=0)
        is_behind = self.judged_until is not None and self.judged_until < last_full - PATIENCE
        return self.judged_until if is_behind else None


def records(
    engine: Engine, period: Period | None = None, *, with_withdrawn: bool = False
) -> list[AlarmRecord]:
    """The newest revision of each alarm that touches a period, the worst first.

    Raises what `engine.read` raises.
    """
    return _records(engine, engine.alarm_records.newest(period, with_withdrawn=with_withdrawn))


def running(engine: Engine, kind: str) -> list[AlarmRecord]:
    """The newest revision of each alarm of a kind that can still change. Raises as `records`."""
    return _records(engine, engine.alarm_records.running((kind,)))


def record(engine: Engine, alarm_id: str) -> AlarmRecord | None:
    """The newest revision of an alarm, a withdrawn one included; None for an unknown id. Raises as `records`."""
    revisions = history(engine, alarm_id)
    return revisions[-1] if revisions else None


def history(engine: Engine, alarm_id: str) -> list[AlarmRecord]:
    """All revisions of an alarm, the first one first. Raises as `records`."""
    return _records(engine, engine.alarm_records.revisions(alarm_id))


def progress(engine: Engine) -> Progress:
    """How far the store is judged. Raises as `records`."""
    with engine.read() as reader:
        return _progress(engine, reader)


def records_and_progress(engine: Engine, period: Period) -> tuple[list[AlarmRecord], Progress]:
    """What `records` and `progress` give, from one opening of the store."""
    with engine.read() as reader:
        rows = _rows(reader, engine.alarm_records.newest(period, with_withdrawn=False))
        return [from_row(row) for row in rows], _progress(engine, reader)


def _progress(engine: Engine, reader: Reader) -> Progress:
    rows = _rows(reader, engine.alarm_records.detector())
    if not rows:
        return Progress(None, 0, None, "")
    row = rows[0]
    return Progress(row["judged_until"], row["hours_left"], row["judged_at"], row["problem"])


def _records(engine: Engine, query: Query) -> list[AlarmRecord]:
    with engine.read() as reader:
        return [from_row(row) for row in _rows(reader, query)]


def _rows(reader: Reader, query: Query) -> list[Row]:
    return list(reader.arrow(query).to_pylist())
