"""The filters beside every page. Each widget is set from the URL, and writes to it when it changes."""

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import available_timezones

import streamlit as st

from audit_store import ranges
from audit_store.errors import AuditStoreError
from audit_store.filters import Q_MAX, EventFilter
from dashboard import data
from dashboard.filters import controls, saved_views_box, url_state
from dashboard.filters.controls import hold
from dashboard.filters.facet_labels import Counts


def draw(where: EventFilter, counts: Mapping[str, Counts]) -> None:
    """The filters of `where`; `counts` are the facets of `data.surroundings`, nothing while they are unknown."""
    activities, agents = counts.get("activity", {}), counts.get("agent", {})
    with st.sidebar:
        _ways_back()
        _period(where)
        _search(where)
        controls.names("Activity", "activity", where, activities)
        controls.names("Agent", "agent", where, agents)
        controls.outcome(where, counts.get("outcome", {}))
        with st.expander("Exclude", key="exclude", expanded=bool(where.not_activity or where.not_agent)):
            controls.names("Not these activities", "not_activity", where, activities)
            controls.names("Not these agents", "not_agent", where, agents)
        _sources(where)
        with st.expander("Hours", key="of_week", expanded=bool(where.hours)):
            controls.of_week(where)
        _zone(where)
        saved_views_box.draw(where, datetime.now(UTC))


def draw_zone(where: EventFilter) -> None:
    """The time zone alone, for a page that no filter changes."""
    with st.sidebar:
        _zone(where)


def _period(where: EventFilter) -> None:
    hold("range", where.range)
    st.selectbox(
        "Time range",
        list(ranges.RANGES),
        format_func=ranges.RANGES.__getitem__,
        key="range",
        on_change=_choose_range,
        args=(where,),
    )
    if where.range == "custom":
        _bound("From", "from", where, where.period.start)
        _bound("To (not included)", "to", where, where.period.end)


def _bound(label: str, name: str, where: EventFilter, bound: datetime | None) -> None:
    hold(name, None if bound is None else _local(bound, where))
    st.datetime_input(
        label,
        value=None,
        min_value=datetime(1970, 1, 1),  # noqa: DTZ001  # the widget takes local times
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001
        key=name,
        format="YYYY-MM-DD",
        on_change=_choose_bound,
        args=(name,),
    )


def _search(where: EventFilter) -> None:
    hold("q", where.q)
    st.text_input(
        "Search",
        key="q",
        max_chars=Q_MAX,
        type="search",
        placeholder="Text in any field",
        help="In description, agent, activity, target and address; upper and lower case are the same.",
        on_change=_choose,
        args=("q",),
    )


def _sources(where: EventFilter) -> None:
    """Where the events come from, counted only while a reader looks."""
    chosen = bool(where.source or where.not_source)
    box = st.expander("Sources", key="sources", expanded=chosen, on_change="rerun")
    if box.open:
        with box, contextlib.suppress(AuditStoreError, OSError):
            counts = data.sources(where)
            controls.names("Source", "source", where, counts)
            controls.names("Not these sources", "not_source", where, counts)


def _ways_back() -> None:
    with st.container(horizontal=True):
        st.button(
            "Undo",
            help="Back to the filters before the last change.",
            shortcut="Alt+Z",
            width="stretch",
            disabled=not url_state.can_undo(),
            on_click=url_state.undo,
        )
        st.button(
            "Reset all",
            width="stretch",
            disabled=not url_state.is_filtered(),
            on_click=url_state.reset,
        )


def _zone(where: EventFilter) -> None:
    hold("tz", where.tz)
    st.selectbox("Time zone", sorted(available_timezones()), key="tz", on_change=_choose, args=("tz",))


def _choose(name: str) -> None:
    url_state.change(**{name: st.session_state[name]})


def _choose_range(before: EventFilter) -> None:
    chosen = st.session_state["range"]
    if chosen != "custom":
        url_state.change(range=chosen, from_=None, to=None)
        return
    start, end = before.period.start, before.period.end
    url_state.change(
        range=chosen,
        from_=None if start is None else url_state.local_text(_local(start, before)),
        to=None if end is None else url_state.local_text(_local(end, before)),
    )


def _choose_bound(name: str) -> None:
    values = {one: st.session_state[one] for one in ("from", "to")}
    start, end = values["from"], values["to"]
    if start is not None and end is not None and end <= start:
        # The other end gives way: a range that ends before it starts selects nothing.
        values["to" if name == "from" else "from"] = None
    url_state.change(
        from_=None if values["from"] is None else url_state.local_text(values["from"]),
        to=None if values["to"] is None else url_state.local_text(values["to"]),
    )


def _local(moment: datetime, where: EventFilter) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(where.zone).replace(tzinfo=None, second=0, microsecond=0)
