"""What a choice in a chart does to the filters."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import pandas as pd
import streamlit as st

from audit_store.filters import EventFilter
from dashboard.filters import url_state


def key(chart: str, where: EventFilter) -> str:
    """The key of a chart of these events; another filter begins without a choice, another minute does not."""
    return f"{chart}_{hash(str(url_state.link(where)))}"


def to_agent(chart: str) -> partial[None]:
    """Show only the agent whose bar was clicked; the bar of the others together does nothing."""
    return partial(_to_agent, chart)


def to_period(chart: str, bars: pd.DataFrame) -> partial[None]:
    """Show only the time of the bars that were marked by dragging, or of the one that was clicked.

    `bars` has the naive local `bucket` and `until` of each.
    """
    return partial(_to_period, chart, bars)


def to_hour(chart: str) -> partial[None]:
    """Show only the hour of the week that was clicked."""
    return partial(_to_hour, chart)


def _to_agent(chart: str) -> None:
    picked = st.session_state[chart]["selection"].get("picked") or [{}]
    if agent := picked[0].get("agent"):
        url_state.change(agent=agent)


def _to_period(chart: str, bars: pd.DataFrame) -> None:
    chosen = st.session_state[chart]["selection"]
    clicked = [one["bucket"] for one in chosen.get("bar", ())]
    bounds = marked(chosen.get("brush", {}).get("bucket") or clicked, bars)
    if bounds is not None:
        url_state.change(range="custom", from_=bounds[0], to=bounds[1])


def _to_hour(chart: str) -> None:
    picked = st.session_state[chart]["selection"].get("hour_of_week") or [{}]
    if day := picked[0].get("weekday"):
        url_state.change(hours=f"{day[:3]}-{int(picked[0]['hour']):02}")


def marked(bounds: Sequence[float], bars: pd.DataFrame) -> tuple[str, str] | None:
    """`from` and `to` of the bars that a stretch of a time axis touches; None where it touches none.

    The chart gives milliseconds of local time, counted as if it were UTC.

    >>> bars = pd.DataFrame({"bucket": [datetime(2026, 3, 14)], "until": [datetime(2026, 3, 15)]})
    >>> marked([1773480413000.0, 1773480473000.0], bars)
    ('2026-03-14', '2026-03-15')
    """
    if not bounds:
        return None
    first, last = _local(min(bounds)), _local(max(bounds))
    touched = bars[(bars["bucket"] <= last) & (bars["until"] > first)]
    if touched.empty:
        return None
    start, end = touched["bucket"].min(), touched["until"].max()
    return url_state.local_text(start.to_pydatetime()), url_state.local_text(end.to_pydatetime())


def _local(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
