"""The tables of the charts have the numbers that the charts draw."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from audit_store.engines.duckdb.store import Store
from dashboard.activity import chart_tables, local_buckets
from tests.dashboard.page_runs import open_box, show

CATEGORIES = ("Sign-in", "Journeys", "Other")
HOUR = timedelta(hours=1)


def test_a_row_a_bar_with_its_failures() -> None:
    hours = pd.to_datetime(["2026-03-14 01:00", "2026-03-14 01:00", "2026-03-14 02:00"])
    frame = pd.DataFrame(
        {
            "bucket": hours,
            "category": ["Other", "Sign-in", "Sign-in"],
            "events": [1, 2, 4],
            "failures": [0, 2, 1],
        }
    )
    table = chart_tables.timeline(frame, CATEGORIES, HOUR)
    assert table.index.tolist() == ["Sat 14 March 2026, 01:00–02:00", "Sat 14 March 2026, 02:00–03:00"]
    expected = {"Sign-in": [2, 4], "Other": [1, 0], "Total": [3, 4], "Failed": [2, 1]}
    assert table.to_dict("list") == expected
    earlier = pd.DataFrame({"bucket": hours[1:], "events": [0, 9], "period": "Previous hour"})
    compared = chart_tables.timeline(frame, CATEGORIES, HOUR, earlier=earlier)
    assert compared.to_dict("list") == {**expected, "Previous hour": [0, 9]}


def test_agents_keep_their_order() -> None:
    frame = pd.DataFrame(
        {"label": ["zoe", "ada", "zoe"], "category": ["Other", "Other", "Sign-in"], "events": [5, 2, 1]}
    )
    table = chart_tables.agents(frame, CATEGORIES)
    assert table.index.tolist() == ["zoe", "ada"]
    assert table.to_dict("list") == {"Sign-in": [1, 0], "Other": [5, 2], "Total": [6, 2]}


def test_a_week_has_every_hour() -> None:
    counted = pd.DataFrame({"bucket": [datetime.fromisoformat("2026-03-14T05:00")], "events": [7]})
    table = chart_tables.week(local_buckets.heat_map(counted, ZoneInfo("UTC")))
    assert table.shape == (7, 25)
    assert table.index[0] == "Monday"
    assert table.loc["Saturday", "05:00"] == table.loc["Saturday", "Total"] == table.to_numpy().sum() / 2 == 7


def test_numbers_are_counted_when_their_box_is_opened(week: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    agents = chart_tables.agents

    def counting(*arguments: Any) -> pd.DataFrame:
        counted.append(1)
        return agents(*arguments)

    monkeypatch.setattr(chart_tables, "agents", counting)
    app = show(week, range="all")
    assert (counted, list(app.dataframe)) == ([], [])
    open_box(app, "numbers_activity by agent")
    assert counted
    assert "ada" in app.dataframe[0].value.index
