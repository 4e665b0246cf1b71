"""The charts of the activity page, each in a card with its controls and its numbers."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from alarms.records.record import AlarmRecord
from audit_store.filters import EventFilter
from dashboard import data
from dashboard.activity import chart_filters, chart_tables, split
from dashboard.activity.overview import Overview
from dashboard.charts import activity
from dashboard.filters import permalink, url_state
from dashboard.frame import chart
from dashboard.spikes import matching, states
from dashboard.text import shown

AGENT = "../pages/agent.py"
TOP = (10, 20, 50)
_WEEK = timedelta(days=7)


def over_time(view: Overview, where: EventFilter, alarms: Sequence[AlarmRecord]) -> None:
    """Draw the events over time, split as the viewer chooses, with a triangle above bars with an alarm."""
    parts = view.split.parts
    alarmed = matching.on_bars(view.timeline, alarms, states.triage(), where.tz)
    with st.container(border=True, gap="small"):
        with _head("Events over time", _hint(view)):
            st.segmented_control(
                "Split by",
                list(split.BY),
                default="category",
                required=True,
                format_func=split.BY.__getitem__,
                key="split",
                label_visibility="collapsed",
                disabled=bool(where.q),
            )
            if view.earlier is not None and not view.earlier.empty:
                st.caption(f":gray[━] {view.earlier['period'].iloc[0]}", width="content")
            if not alarmed.empty:
                st.caption(":red[▼] Login alarm", width="content")
            st.space("stretch")
            _sentence(view, where)
            numbers = partial(chart_tables.timeline, view.timeline, parts, view.step, earlier=view.earlier)
            chart_tables.button("events over time", numbers)
        key = chart_filters.key(f"timeline{url_state.changes()}", where)
        bars = activity.timeline(
            view.timeline, parts, view.step, select=True, colours=view.split.colours, earlier=view.earlier
        )
        chart.draw(
            activity.with_alarms(bars, alarmed),
            key=key,
            on_select=chart_filters.to_part_or_period(key, view.split.filters, view.timeline),
        )


def by_agent(view: Overview, where: EventFilter) -> None:
    """Draw the busiest agents, and how many others there are."""
    with st.container(border=True, gap="small", height="stretch"):
        with _head("Agents", "Click a bar to filter by its agent."):
            st.segmented_control(
                "Agents shown",
                TOP,
                default=TOP[0],
                required=True,
                format_func="Top {}".format,
                key="top",
                label_visibility="collapsed",
            )
            st.space("stretch")
            chart_tables.button(
                "activity by agent",
                partial(chart_tables.agents, view.agents, list(view.agents["category"].unique())),
            )
        key = chart_filters.key(f"agents{url_state.changes()}", where)
        chart.draw(
            activity.by_agent(view.agents, select=True), key=key, on_select=chart_filters.to_agent(key)
        )
        _others(view, where)


def _others(view: Overview, where: EventFilter) -> None:
    """Draw how many agents have no bar, and a list from which the page of any agent opens."""
    others = view.agents.loc[view.agents["agent"].isna(), "label"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("" if others.empty else str(others.iloc[0]), width="stretch")
        name = st.selectbox(
            "Open an agent",
            list(data.surroundings(where).facets["agent"]),
            index=None,
            format_func=shown,
            key="open_agent",
            placeholder="Open an agent",
            label_visibility="collapsed",
            width=220,
        )
    if name is not None:
        st.switch_page(AGENT, query_params=url_state.link(where.with_values("agent", [name])))


def week(view: Overview, where: EventFilter) -> None:
    """Draw the hours of the week."""
    with st.container(border=True, gap="small", height="stretch"):
        with _head("Hours of the week", "Click an hour to filter by it."):
            st.space("stretch")
            chart_tables.button("hours of the week", partial(chart_tables.week, view.week))
        key = chart_filters.key(f"week{url_state.changes()}", where)
        chart.draw(activity.heat_map(view.week, select=True), key=key, on_select=chart_filters.to_hour(key))


def has_week(view: Overview) -> bool:
    """Whether the bars cover a week: less would leave most hours empty."""
    bars = view.timeline
    return bool(len(bars)) and bars["until"].max() - bars["bucket"].min() >= _WEEK


def _head(title: str, hint: str) -> DeltaGenerator:
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.header(title, anchor=False, width="content", help=hint)
    return row


def _hint(view: Overview) -> str:
    lighter = " Lighter bars are partly outside the time range." if view.timeline["partial"].any() else ""
    return f"Click a bar, drag across several, or click a name in the legend to filter.{lighter}"


def _sentence(view: Overview, where: EventFilter) -> None:
    # A closed box is empty: a browser that shows a code block loads the highlighters of all languages.
    box = st.popover(
        "Copy as a sentence", key="ticket", type="tertiary", icon=":material/content_copy:", on_change="rerun"
    )
    if box.open:
        sentence = permalink.sentence(where, view.totals.events, view.totals.agents)
        link = permalink.link(where, st.context.url or "")
        box.code(f"{sentence}\n{link}", language=None, wrap_lines=True)
