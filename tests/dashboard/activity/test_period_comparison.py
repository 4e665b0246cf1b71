"""Counts of the activity page are compared with those of the previous period."""

from datetime import datetime

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.activity.period_comparison import change, previous
from tests.dashboard.page_runs import metrics, show


def test_activity_counts_what_the_last_week_holds(week: Store) -> None:
    app = show(week)
    assert metrics(app) == {"Events": "4", "Agents": "3", "Failures": "1", "Open alarms": "–"}, (
        "not judged yet"
    )
    assert [element.delta for element in app.metric] == ["+300 %", "+200 %", "up from 0", ""]
    assert len(app.get("vega_lite_chart")) == 3


def test_an_open_period_is_compared_with_nothing(week: Store) -> None:
    assert [element.delta for element in show(week, range="all").metric] == ["", "", "", ""]


def test_a_period_the_log_does_not_reach_is_compared_with_nothing(week: Store) -> None:
    deltas = {element.label: element.delta for element in show(week, range="30d").metric}
    assert deltas.pop("Open alarms") == ""
    assert set(deltas.values()) == {"no data for the previous 30 days"}


def period(**bounds: str) -> EventFilter:
    """A custom range in UTC."""
    return EventFilter.parse(
        {"range": ["custom"]} | {name.rstrip("_"): [text] for name, text in bounds.items()}
    )[0]


@pytest.mark.parametrize(
    ("events", "before", "text", "arrow"),
    [
        (150, 100, "+50 %", "auto"),
        (99, 100, "-1 %", "auto"),
        (995, 1000, "-0.5 %", "auto"),
        (100_001, 100_000, "no change", "off"),
        (0, 0, "no change", "off"),
        (7, 0, "up from 0", "auto"),
        (999, 100, "+899 %", "auto"),
        (1200, 100, "12×", "auto"),
    ],
)
def test_a_change_is_a_percentage_or_a_multiple(events: int, before: int, text: str, arrow: str) -> None:
    where = period(from_="2026-03-08", to="2026-03-15")
    delta = change(where, datetime(2026, 1, 1), events, before, bad=True)  # noqa: DTZ001
    assert (delta["delta"], delta["delta_arrow"]) == (text, arrow)
    assert delta["delta_description"] == "vs. previous 7 days"
    assert delta["delta_color"] == ("off" if arrow == "off" else "inverse")


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("2026-03-09", "Previous day"),
        ("2026-03-15", "Previous 7 days"),
        ("2026-03-08T01:00", "Previous hour"),
        ("2026-03-08T01:30", "Previous 1 hour and 30 minutes"),
    ],
)
def test_the_previous_period_has_a_name(to: str, name: str) -> None:
    assert previous(period(from_="2026-03-08", to=to)) == name
