"""Pages mark the recorded alarms of their view, and a page is drawn again when they change."""

import shutil
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter, Pattern
from audit_store.ranges import Period
from dashboard.spikes import recent
from tests.alarms.detector.worlds import judge
from tests.alarms.login_logs import NOW, store_of
from tests.dashboard.spikes.conftest import ATTACK, HOUR, SPRAY, InView, attack


@pytest.mark.parametrize(
    ("where", "starts"),
    [
        (EventFilter(), [ATTACK, SPRAY]),
        (EventFilter(agent=("support-3", "support-1")), [ATTACK, SPRAY]),
        (EventFilter(agent=("support-1",)), [SPRAY]),
        (EventFilter(not_agent=("support-3",)), [SPRAY]),
        (EventFilter(agent=(Pattern("-1", before=True),)), [SPRAY]),
        (EventFilter(source_ip=("203.0.113.0/24",)), [ATTACK, SPRAY]),
        (EventFilter(source_ip=("192.0.2.1",)), [ATTACK]),
        (EventFilter(not_source_ip=("203.0.113.9", "192.0.2.0/24")), []),
        (EventFilter(activity=("Login", "User deleted"), tz="Asia/Kolkata"), [ATTACK, SPRAY]),
        (EventFilter(activity=("User deleted",)), []),
        (EventFilter(not_activity=("Login", "ConsoleLogin")), []),
        (EventFilter(period=Period(ATTACK + HOUR, None)), [SPRAY]),
    ],
)
def test_a_view_has_the_alarms_of_its_time_agents_and_activities(
    in_view: InView, where: EventFilter, starts: list[object]
) -> None:
    assert sorted(record.starts_at for record in in_view(where)) == starts


def test_a_store_that_cannot_be_read_has_no_alarms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(tmp_path / "missing.duckdb"))
    assert recent.in_view(EventFilter()) == []


def test_a_new_record_is_in_view_at_once(
    attacked: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(shutil.copy(attacked.path, tmp_path / "audit.duckdb"))
    monkeypatch.setenv("AUDIT_STORE", str(store.path))
    before = recent.in_view(EventFilter())
    store_of(store, attack("support-1", 60, NOW - HOUR))
    assert recent.in_view(EventFilter()) == before, "it is not judged yet"
    judge(store, NOW)
    assert [record.starts_at for record in recent.in_view(EventFilter()) if record not in before] == [
        NOW - HOUR
    ]
