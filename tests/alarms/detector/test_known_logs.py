"""Logs whose attacks are known: the demo's, and a real host's."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alarms.records import reading
from alarms.records.record import AlarmRecord
from alarms.sensitivity import DEFAULT_SENSITIVITY, is_alarm_at
from audit_store.engines.duckdb.store import Store
from demo import Planted, generate, planted
from ingest.__main__ import main as ingest
from tests.alarms.detector.worlds import judge
from tests.alarms.login_logs import store_of
from tests.conftest import in_campaign

UNTIL = datetime(2026, 11, 22, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The logins of the demo's log."""
    rows = [
        event | {"occurred_at": event["occurred_at"].replace(tzinfo=None)}
        for event in generate(until=UNTIL)
        if event["activity"] == "Login"
    ]
    return store_of(Store(tmp_path_factory.mktemp("demo") / "audit.duckdb"), rows)


@pytest.mark.parametrize("tz", ["UTC", *in_campaign("Asia/Kolkata")])
def test_the_demo_shows_its_attacks_and_hardly_more(
    demo: Store, tz: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_TZ", tz)
    judge(demo, UNTIL.replace(tzinfo=None))
    spikes = planted(7, UNTIL)
    alarms = [
        record for record in reading.records(demo) if is_alarm_at(record.sensitivity, DEFAULT_SENSITIVITY)
    ]
    explained = [[spike for spike in spikes if _explains(spike, alarm)] for alarm in alarms]
    assert sum(not own for own in explained) <= 1
    for spike in spikes:
        (alarm,) = [alarm for alarm, own in zip(alarms, explained, strict=True) if spike in own]
        is_spray = any(span.key.kind == "agents" for span in alarm.spans)
        assert _agents(alarm) == set(spike.agents) or (spike.kind == "password spray" and is_spray), spike
    assert demo.check() == [], "roll-ups and records agree with the events"


def _agents(alarm: AlarmRecord) -> set[str]:
    return {span.key.agent for span in alarm.spans if span.key.agent}


def _explains(spike: Planted, alarm: AlarmRecord) -> bool:
    start, end = spike.start.replace(tzinfo=None), spike.end.replace(tzinfo=None)
    return alarm.starts_at < end and start < alarm.ends_at and _agents(alarm) <= set(spike.agents)


DATA = Path(os.environ.get("AUDIT_TEST_DATA", "no such folder"))


@pytest.mark.skipif(not (DATA / "sshd" / "auth-march.log").exists(), reason="AUDIT_TEST_DATA is not set")
def test_a_real_host_shows_its_burst_and_not_its_admin(tmp_path: Path) -> None:
    path = tmp_path / "audit.duckdb"
    file = str(DATA / "sshd" / "auth-march.log")
    assert ingest(["import", file, "--year", "2017", "--store", str(path)]) == 0
    store = Store(path)
    judge(store, datetime(2017, 4, 1))  # noqa: DTZ001 - naive UTC
    alarms = [
        record for record in reading.records(store) if any(s.key.kind == "failed" for s in record.spans)
    ]
    burst = max(alarms, key=lambda record: record.score)
    assert burst.peak == datetime(2017, 3, 30, 15)  # noqa: DTZ001
    first = burst.addresses[0]
    assert (first.count, f"115 from {first.name}" in burst.sentence) == (115, True)
    admin = datetime(2017, 3, 29, 10)  # noqa: DTZ001
    assert not any(record.starts_at <= admin < record.ends_at for record in alarms)
