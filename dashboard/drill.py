"""What a choice in a chart does to the filters."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from audit_store.filters import EventFilter
from dashboard import address


def key(chart: str, where: EventFilter) -> str:
    """The key of a chart of these events; another filter begins without a choice, another minute does not."""
    return f"{chart}_{hash(str(address.link(where)))}"


def to_agent(chart: str) -> partial[None]:
    """Show only the agent whose bar was clicked; the bar of the others together does nothing."""
    return partial(_to_agent, chart)


def to_period(chart: str) -> partial[None]:
    """Show only the time that was marked by dragging."""
    return partial(_to_period, chart)


def to_hour(chart: str) -> partial[None]:
    """Show only the hour of the week that was clicked."""
    return partial(_to_hour, chart)


def _to_agent(chart: str) -> None:
    picked = st.session_state[chart]["selection"].get("picked") or [{}]
    if agent := picked[0].get("agent"):
        address.change(agent=agent)


def _to_period(chart: str) -> None:
    bounds = marked(st.session_state[chart]["selection"].get("brush", {}).get("bucket", ()))
    if bounds is not None:
        address.change(range="custom", from_=bounds[0], to=bounds[1])


def _to_hour(chart: str) -> None:
    picked = st.session_state[chart]["selection"].get("hour_of_week") or [{}]
    if day := picked[0].get("weekday"):
        address.change(hours=f"{day[:3]}-{int(picked[0]['hour']):02}")


def marked(bounds: Sequence[float]) -> tuple[str, str] | None:
    """`from` and `to` of a stretch of a time axis, in whole minutes; None where it is shorter.

    The chart gives milliseconds of local time, counted as if it were UTC.

    >>> marked([1773446400000.0, 1773480413000.0])
    ('2026-03-14', '2026-03-14T09:26')
    """
    start, end = (address.local_text(_local(moment)) for moment in sorted(bounds or (0, 0)))
    return (start, end) if start != end else None


def _local(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None, second=0, microsecond=0)
