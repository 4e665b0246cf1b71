"""The small chart over the list counts the events of the list."""

import pytest

from audit_store.engines.duckdb.store import Store
from dashboard import data
from tests.dashboard.page_runs import component, listed, log_table, show


@pytest.mark.parametrize(
    "view",
    [
        {"range": "all"},
        {"agent": "ada"},
        {"range": "24h", "outcome": "failure"},
        {"not_agent": "eve", "tz": "Asia/Kolkata"},
    ],
)
def test_its_bars_add_up_to_the_list(week: Store, view: dict[str, str]) -> None:
    app = show(week, "log", **view)
    chart = component(app, "histogram")
    assert sum(chart["events"]) == len(listed(app)) > 0
    assert sum(chart["failures"]) == list(log_table(app)["outcome"]).count("failure")
    assert len(chart["events"]) == len(chart["failures"]) == len(chart["labels"])
    assert chart["summary"].startswith("Busiest: ")


@pytest.mark.parametrize("view", [{"q": "journey"}, {"meta.reason": "left"}])
def test_a_view_that_would_read_every_event_for_it_has_no_chart(week: Store, view: dict[str, str]) -> None:
    app = show(week, "log", **view)
    assert len(listed(app)) == 1
    assert component(app, "histogram") == {}


def test_it_runs_the_statement_of_the_activity_page(week: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    timeline = data.queries().timeline

    def noted(*arguments: object) -> object:
        query = timeline(*arguments)  # type: ignore[arg-type]
        read.append(repr((query.sql, query.params)))
        return query

    monkeypatch.setattr("audit_store.engines.duckdb.queries.timeline", noted)
    show(week, range="all")
    of_activity = len(read)
    show(week, "log", range="all")
    assert 0 < of_activity < len(read)
    assert len(set(read)) == 1
