"""What the store page learns of a store, and says once."""

from datetime import datetime, timedelta

import pytest

from alarms.records.rows import as_row
from alarms.watchdog.checks import DELIVERY, Fault
from alarms.watchdog.recording import record_of
from audit_store.engines.duckdb.store import Store
from audit_store.local_time import now
from audit_store.state import deliveries
from audit_store.state.deliveries import Message
from dashboard.store_page import health


def fault(receiver: str, sentence: str, since: datetime) -> Fault:
    return Fault(DELIVERY, receiver, since, sentence)


def test_a_refused_alarm_is_said_once_and_a_late_one_by_the_watchdog(
    own_week: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(own_week.path))
    since = now() - timedelta(hours=2)
    (refused,) = deliveries.add(own_week.path, "strict", [Message("a", [], "80 failed logins", "{}")])
    deliveries.refuse(own_week.path, refused, "400 from strict")
    found = [
        fault("strict", "strict refused 1 alarm.", since),
        fault("slow", "slow has not taken it.", since),
    ]
    own_week.alarm_records.add([as_row(record_of(one, "id", "UTC", now())) for one in found])
    seen = health.look()
    assert seen.refused_alarms == ["400 from strict: 80 failed logins"]
    assert seen.faults == ["slow has not taken it."]
