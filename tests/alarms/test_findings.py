"""Low-priority findings of a store of logins."""

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from alarms import findings, watch_logins
from alarms.records import reading
from alarms.records.record import AlarmRecord
from audit_store import catalogue
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from tests.alarms.attack import SPRAY
from tests.alarms.detector.worlds import judge
from tests.alarms.login_logs import NOW, START, last_days, logins, office, store_of

HOUR = timedelta(hours=1)


def test_first_times_and_unusual_hours_are_findings(attacked: Store) -> None:
    watch = watch_logins(attacked, last_days(7), NOW, catalogue.load())
    listed = findings(attacked, watch, [])
    by_kind = {(finding.kind, finding.series): finding for finding in listed}
    assert by_kind["new address", "support-3"].text.startswith("support-3: first time from 203.0.113.")
    assert by_kind["new activity", "support-3"].text == "support-3: first time: API key copied"
    assert by_kind["unusual hour", "support-1"].at == SPRAY
    assert [finding.at for finding in listed] == sorted((finding.at for finding in listed), reverse=True)
    for finding in listed:
        assert attacked.run(queries.summary(finding.where))["events"].iloc[0] > 0, finding
        assert EventFilter.parse(finding.where.parameters())[0] == finding.where


def test_silent_agents_and_slow_rises_are_findings(store: Store) -> None:
    rows = [row for h in range(1680) for row in logins("job", START + h * HOUR, 2)]
    quiet_since = NOW - timedelta(days=2)
    rows = [row for row in rows if row["occurred_at"] < quiet_since] + office()
    rows += [row for h in range(1680) for row in logins("backup", START + h * HOUR, 2)]
    for hour in range(24):
        rows += logins("support-2", NOW - timedelta(days=4) + hour * HOUR, 4)
    watch = watch_logins(store_of(store, rows), last_days(7), NOW, catalogue.load())
    listed = {(finding.kind, finding.series): finding for finding in findings(store, watch, [])}
    assert listed["gone silent", "job"].text.startswith("job: no events for 2 days")
    assert ("gone silent", "backup") not in listed
    assert listed["sustained rise", "support-2"].text.startswith(
        "support-2: 130 logins on 2026-03-12, expected 27"
    )


def test_a_rise_that_is_part_of_an_alarm_is_no_finding(attacked: Store, tmp_path: Path) -> None:
    store = Store(shutil.copy(attacked.path, tmp_path))
    watch = watch_logins(store, last_days(7), NOW, catalogue.load())
    judge(store, NOW)

    def rises(records: Sequence[AlarmRecord]) -> set[str]:
        listed = findings(store, watch, records)
        return {finding.series for finding in listed if finding.kind == "sustained rise"}

    assert rises(reading.records(store)) == set()
    assert rises([]) >= {"support-3", "failed"}
