"""Logs for the tests of the detector, and what is recorded of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alarms.detector.detector import Step, steps
from alarms.detector.settings import settings_of
from alarms.records import reading
from alarms.records.record import AlarmRecord
from audit_store.engines.duckdb.store import Store
from tests.alarms.login_logs import Row, logins, office

HOUR = timedelta(hours=1)
NOON = datetime(2026, 2, 11, 12)  # noqa: DTZ001 - naive UTC; a Wednesday in the sixth week
OFFICE = office(weeks=6)
"""Office hours up to the Sunday after NOON."""
INTRUDER = "203.0.113.9"


def until(moment: datetime, rows: Iterable[Row] = OFFICE) -> list[Row]:
    """The events before a moment."""
    return [row for row in rows if row["occurred_at"] < moment]


def attack(at: datetime, failures: int = 30, successes: int = 0, agent: str = "support-3") -> list[Row]:
    """Failed logins from an address that was never seen, in ten minutes from `at` on, then successes."""
    rows = logins(agent, at, 3 * failures, outcome="failure", address=INTRUDER)[:failures]
    after = at + timedelta(minutes=15)
    return rows + logins(agent, after, successes, outcome="success", address=INTRUDER)


def judge(store: Store, now: datetime) -> list[Step]:
    """Judge everything up to `now`."""
    return list(steps(store, settings_of(store.path), now))


def essence(record: AlarmRecord) -> tuple[object, ...]:
    """What does not depend on when an alarm was judged."""
    figures = (record.total, record.failed, record.observed, record.peak, record.severity, record.sensitivity)
    return record.kind, record.agent, record.starts_at, record.ends_at, *figures


def spans(record: AlarmRecord) -> tuple[object, ...]:
    """What does not depend on its head either: that is the part that was recorded first."""
    parts = {(*span.key.series, span.key.start, span.end) for span in record.spans}
    return record.starts_at, record.ends_at, frozenset(parts), record.sensitivity


def essences(store: Store) -> set[tuple[object, ...]]:
    """The essence of every alarm of a store."""
    return {essence(record) for record in reading.records(store)}
