"""A selection in a chart is a filter."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from audit_store import catalogue
from audit_store.filters import EventFilter
from dashboard.activity import chart_filters


@pytest.mark.parametrize(
    ("milliseconds", "period"),
    [
        ([1773446400000.0, 1773480413000.0], ("2026-03-14T00:00", "2026-03-14T12:00")),
        ([1773480413000.0, 1773446400000.0], ("2026-03-14T00:00", "2026-03-14T12:00")),
        ([1773446400000.0], ("2026-03-14T00:00", "2026-03-14T06:00")),
        ([1773446399000.0, 1773446430000.0], ("2026-03-13T18:00", "2026-03-14T06:00")),
        ([1773619200000.0], None),
        ((), None),
    ],
)
def test_a_stretch_of_the_time_axis_is_the_period_of_its_bars(
    milliseconds: list[float], period: tuple[str, str] | None
) -> None:
    starts = pd.date_range("2026-03-13", "2026-03-15", freq="6h")
    bars = pd.DataFrame({"bucket": starts, "until": starts + timedelta(hours=6)})
    expected = period and tuple(map(datetime.fromisoformat, period))
    assert chart_filters.bounds(milliseconds, bars) == expected


@pytest.mark.parametrize("category", catalogue.load().categories)
def test_a_category_selects_its_activities(category: str) -> None:
    known = catalogue.load()
    where, ignored = EventFilter.parse(chart_filters.only(category, known))
    assert not ignored
    activities = {*known.category_by_activity, "unheard of"}
    selected = {
        activity
        for activity in activities
        if (not where.activity or activity in where.activity) and activity not in where.not_activity
    }
    assert selected == {activity for activity in activities if known.category(activity) == category}
