"""Filters from selections in charts: a click or a drag becomes a change of the URL."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from audit_store.catalogue import Catalogue
from audit_store.filters import EventFilter
from dashboard.filters import url_state


def key(chart: str, where: EventFilter) -> str:
    """The key of a chart of these events; another filter starts without a selection, another minute does not."""
    return f"{chart}_{hash(str(url_state.link(where)))}"


def to_agent(chart: str) -> partial[None]:
    """Filter by the agent whose bar was clicked; a click on the bar of the other agents does nothing."""
    return partial(_to_agent, chart)


def to_hour(chart: str) -> partial[None]:
    """Filter by the hour of the week that was clicked."""
    return partial(_to_hour, chart)


def to_part_or_period(
    chart: str, filters: Mapping[str, Mapping[str, Sequence[str]]], bars: pd.DataFrame
) -> partial[None]:
    """Filter by the part clicked in the legend, else by the time of the bars that were clicked or dragged over.

    `filters` are the changes of the URL that select each part. `bars` has a row a bar: bucket and until, its naive
    local start and end.
    """
    return partial(_to_part_or_period, chart, filters, bars)


def only(category: str, catalogue: Catalogue) -> dict[str, list[str]]:
    """The filters that select one category; the category of unknown activities excludes every known one.

    >>> only("Doors", Catalogue(("Doors", "Rest"), {"Door shut": "Doors"}))
    {'activity': ['Door shut'], 'not_activity': []}
    """
    if category == catalogue.other:
        return {"activity": [], "not_activity": sorted(catalogue.category_by_activity)}
    activities = [name for name, its in catalogue.category_by_activity.items() if its == category]
    return {"activity": sorted(activities), "not_activity": []}


def bounds(milliseconds: Sequence[float], bars: pd.DataFrame) -> tuple[datetime, datetime] | None:
    """The naive local start and end of the bars that a stretch of the time axis touches; None for no bar.

    The chart gives milliseconds of local time, counted as if it were UTC.

    >>> bars = pd.DataFrame({"bucket": [datetime(2026, 3, 14)], "until": [datetime(2026, 3, 15)]})
    >>> bounds([1773480413000.0, 1773480473000.0], bars)
    (datetime.datetime(2026, 3, 14, 0, 0), datetime.datetime(2026, 3, 15, 0, 0))
    """
    if not milliseconds:
        return None
    first, last = _local(min(milliseconds)), _local(max(milliseconds))
    touched = bars[(bars["bucket"] <= last) & (bars["until"] > first)]
    if touched.empty:
        return None
    return touched["bucket"].min().to_pydatetime(), touched["until"].max().to_pydatetime()


def _to_agent(chart: str) -> None:
    picked = _selection(chart).get("picked") or [{}]
    if agent := picked[0].get("agent"):
        url_state.change(agent=agent)


def _to_hour(chart: str) -> None:
    picked = _selection(chart).get("hour_of_week") or [{}]
    if day := picked[0].get("weekday"):
        url_state.change(hours=f"{day[:3]}-{int(picked[0]['hour']):02}")


def _to_part_or_period(
    chart: str, filters: Mapping[str, Mapping[str, Sequence[str]]], bars: pd.DataFrame
) -> None:
    selection = _selection(chart)
    clicked = selection.get("kind") or [{}]
    if part := clicked[0].get("category"):
        url_state.change(**filters.get(part, {}))
        return
    dragged = selection.get("brush", {}).get("bucket")
    period = bounds(dragged or [bar["bucket"] for bar in selection.get("bar", ())], bars)
    if period is not None:
        url_state.change_period(*period)


def _selection(chart: str) -> Any:
    return st.session_state[chart]["selection"]


def _local(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
