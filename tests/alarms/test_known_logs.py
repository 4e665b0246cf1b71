"""Logs whose attacks are known: the demo's, and a real host's."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alarms import LoginAlarm, evidence, review, summarize, watch_logins
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from demo import Planted, generate, planted
from ingest.__main__ import main as ingest
from tests.alarms.login_logs import last_days, store_of

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


@pytest.mark.parametrize("tz", ["UTC", "Asia/Kolkata"])
def test_the_demo_shows_its_attacks_and_hardly_more(demo: Store, tz: str) -> None:
    now = UNTIL.replace(tzinfo=None)
    alarms = review(watch_logins(demo, last_days(90, now=now, tz=tz), now)).alarms
    spikes = planted(7, UNTIL)
    explained = {alarm: [spike for spike in spikes if _explains(spike, alarm)] for alarm in alarms}
    assert sum(not own for own in explained.values()) <= 1
    for spike in spikes:
        (alarm,) = [alarm for alarm, own in explained.items() if spike in own]
        is_spray = any(part.key.kind == "agents" for part in alarm.parts)
        assert alarm.agents == set(spike.agents) or (spike.kind == "password spray" and is_spray), spike


def _explains(spike: Planted, alarm: LoginAlarm) -> bool:
    start, end = spike.start.replace(tzinfo=None), spike.end.replace(tzinfo=None)
    return alarm.key.start < end and start < alarm.end and alarm.agents <= set(spike.agents)


DATA = Path(os.environ.get("AUDIT_TEST_DATA", "no such folder"))


@pytest.mark.skipif(not (DATA / "sshd" / "auth-march.log").exists(), reason="AUDIT_TEST_DATA is not set")
def test_a_real_host_shows_its_burst_and_not_its_admin(tmp_path: Path) -> None:
    path = tmp_path / "audit.duckdb"
    file = str(DATA / "sshd" / "auth-march.log")
    assert ingest(["import", file, "--year", "2017", "--store", str(path)]) == 0
    store, now = Store(path), datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC
    watch = watch_logins(store, EventFilter(), now)
    failed = [alarm for alarm in review(watch).alarms if alarm.key.kind == "failed"]
    assert failed[0].key.start == datetime(2017, 3, 30, 15)  # noqa: DTZ001
    summary = summarize(store, watch, failed)[0]
    first = evidence(store, watch, failed[0]).addresses.iloc[0]
    assert summary.address == first["name"]
    assert (first["now"], f"115 from {first['name']}" in summary.sentence) == (115, True)
    admin = datetime(2017, 3, 29, 10)  # noqa: DTZ001
    assert not any(alarm.key.start <= admin < alarm.end for alarm in failed)
