"""Reads the records of alarms, in milliseconds whatever the size of the store."""

import contextlib
from collections.abc import Iterator
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


class Records:
    """The records in a store that is open. Reading raises what `Reader` raises."""

    def __init__(self, engine: Engine, reader: Reader) -> None:
        self._statements, self._reader = engine.alarm_records, reader

    def touching(self, period: Period | None = None, *, with_withdrawn: bool = False) -> list[AlarmRecord]:
        """The newest revision of each alarm that touches a period, the worst first."""
        return self._records(self._statements.newest(period, with_withdrawn=with_withdrawn))

    def running(self, kind: str) -> list[AlarmRecord]:
        """The newest revision of each alarm of a kind that can still change."""
        return self._records(self._statements.running((kind,)))

    def history(self, alarm_id: str) -> list[AlarmRecord]:
        """All revisions of an alarm, the first one first; none for an unknown id."""
        return self._records(self._statements.revisions(alarm_id))

    def progress(self) -> Progress:
        """How far the store is judged."""
        rows = self._rows(self._statements.detector())
        if not rows:
            return Progress(None, 0, None, "")
        row = rows[0]
        return Progress(row["judged_until"], row["hours_left"], row["judged_at"], row["problem"])

    def _records(self, query: Query) -> list[AlarmRecord]:
        return [from_row(row) for row in self._rows(query)]

    def _rows(self, query: Query) -> list[Row]:
        return list(self._reader.arrow(query).to_pylist())


@contextlib.contextmanager
def opened(engine: Engine) -> Iterator[Records]:
    """Open a store for its records. Raises what `engine.read` raises."""
    with engine.read() as reader:
        yield Records(engine, reader)


def records(
    engine: Engine, period: Period | None = None, *, with_withdrawn: bool = False
) -> list[AlarmRecord]:
    """See `Records.touching`; opens the store for it, as those below do. Raises what `engine.read` raises."""
    with opened(engine) as recorded:
        return recorded.touching(period, with_withdrawn=with_withdrawn)


def running(engine: Engine, kind: str) -> list[AlarmRecord]:
    """See `Records.running`. Raises as `records`."""
    with opened(engine) as recorded:
        return recorded.running(kind)


def record(engine: Engine, alarm_id: str) -> AlarmRecord | None:
    """The newest revision of an alarm, a withdrawn one included; None for an unknown id. Raises as `records`."""
    revisions = history(engine, alarm_id)
    return revisions[-1] if revisions else None


def history(engine: Engine, alarm_id: str) -> list[AlarmRecord]:
    """See `Records.history`. Raises as `records`."""
    with opened(engine) as recorded:
        return recorded.history(alarm_id)


def progress(engine: Engine) -> Progress:
    """See `Records.progress`. Raises as `records`."""
    with opened(engine) as recorded:
        return recorded.progress()
