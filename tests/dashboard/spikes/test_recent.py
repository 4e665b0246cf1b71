"""The alarms that pages mark are judged beside them, and a change of them draws a page again, but not too often."""

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.spikes import recent
from tests.alarms.login_logs import office, store_of
from tests.dashboard.page_runs import show
from tests.dashboard.spikes.conftest import InView, attack


@pytest.mark.parametrize(
    ("where", "agents"),
    [
        (EventFilter(), [{"support-3"}, set()]),
        (EventFilter(agent=("support-3", "support-1")), [{"support-3"}, set()]),
        (EventFilter(agent=("support-1",)), [set()]),
        (EventFilter(not_agent=("support-3",)), [set()]),
        (EventFilter(activity=("Login", "User deleted"), tz="Asia/Kolkata"), [{"support-3"}, set()]),
        (EventFilter(activity=("User deleted",)), []),
        (EventFilter(not_activity=("Login", "ConsoleLogin")), []),
    ],
)
def test_a_view_has_the_alarms_of_its_agents_and_activities(
    in_view: InView, where: EventFilter, agents: list[set[str]]
) -> None:
    assert sorted((sorted(summary.alarm.agents) for summary in in_view(where)), reverse=True) == [
        sorted(names) for names in agents
    ]


def test_a_store_that_cannot_be_read_has_no_alarms(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(tmp_path_factory.mktemp("none") / "missing.duckdb"))
    assert not recent.refresh(EventFilter())
    assert recent.in_view(EventFilter()) == []


def test_a_growing_log_is_judged_only_now_and_then(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(store_of(store, office(seed=2)).path))
    monkeypatch.setattr(recent, "_REST", 1e6)
    assert not recent.refresh(EventFilter())
    store_of(store, attack("support-3", 60))
    assert not recent.refresh(EventFilter())
    monkeypatch.setattr(recent, "_REST", 0)
    assert recent.refresh(EventFilter())
    assert len(recent.in_view(EventFilter())) == 1


@pytest.mark.parametrize("page", ["activity", "log"])
def test_a_page_whose_alarms_change_with_every_run_comes_to_rest(
    week: Store, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[EventFilter] = []

    def always_changes(where: EventFilter) -> bool:
        changes.append(where)
        return True

    monkeypatch.setattr(recent, "refresh", always_changes)
    app = show(week, page)
    assert len(changes) == 2, "the page is drawn, and once again"
    app.run()
    assert len(changes) == 3, "the page was drawn again a moment ago"
