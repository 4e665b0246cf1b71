"""Stores with records of alarms, for the tests of the login-spike page."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from alarms.records.record import AlarmRecord, FollowUp, Reason
from alarms.records.rows import as_row
from audit_store.engines.alarm_records import Detector, JudgedStretch
from audit_store.engines.duckdb.store import Store
from audit_store.local_time import now
from tests.alarms.triage.records import HOUR, record, share
from tests.hostile import MARK

THIS_HOUR = now().replace(minute=0, second=0, microsecond=0)
EVIL = f"eve {MARK} <b>:red[x] \u202e"


def takeover(agent: str = "support-3", hours_ago: int = 50, **changes: Any) -> AlarmRecord:
    """A critical alarm: logins of an agent that succeeded after failures, and what followed."""
    at = THIS_HOUR - hours_ago * HOUR
    values: dict[str, Any] = {
        "severity": "critical",
        "total": 88,
        "failed": 82,
        "succeeded": 6,
        "reasons": (Reason("succeeded after failures", "82 failed logins, then 6 successful ones"),),
        "addresses": (replace(share("203.0.113.9", 88, 82), is_new=True, first_seen=at),),
        "followed_by": (FollowUp("API key copied", agent, "203.0.113.9", 1, at + HOUR, is_sensitive=True),),
        "first_recorded_at": at + HOUR,
        "recorded_at": at + HOUR,
    }
    return record(agent, at, **values | changes)


def small(agent: str, hours_ago: int, **changes: Any) -> AlarmRecord:
    """A low alarm about the number of logins alone."""
    at = THIS_HOUR - hours_ago * HOUR
    values: dict[str, Any] = {"severity": "low", "failed": 0, "succeeded": 0, "reasons": (), "addresses": ()}
    return record(agent, at, **values | {"first_recorded_at": at + HOUR, "recorded_at": at + HOUR} | changes)


def many(number: int) -> list[AlarmRecord]:
    """So many low alarms of the last days."""
    return [
        small(f"clerk-{n % 7}", 3 + n % 150, id=str(uuid.uuid5(uuid.NAMESPACE_OID, str(n))))
        for n in range(number)
    ]


def write(store: Store, *records: AlarmRecord, hours_left: int = 0, problem: str = "") -> Store:
    """Record alarms, as the detector does at the end of a step; gives the store."""
    detector = Detector("1", '{"tz": "UTC"}', THIS_HOUR, hours_left, now() - timedelta(minutes=2), problem)
    start = THIS_HOUR - timedelta(weeks=16)
    store.alarm_records.write(JudgedStretch([*map(as_row, records)], start, THIS_HOUR, [], detector))
    return store
