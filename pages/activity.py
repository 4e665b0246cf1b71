"""Activity: totals, events over time, the busiest agents, and the hours of the week."""

from functools import partial

import streamlit as st

from dashboard import active_catalogue, data, notices
from dashboard.activity import chart_filters, chart_tables, overview
from dashboard.activity.period_comparison import change
from dashboard.charts import activity
from dashboard.filters import permalink, url_state
from dashboard.spikes import cards, matching, recent, states

where = url_state.current().where
catalogue = active_catalogue.activities()
categories = catalogue.categories
extent = data.surroundings(where).extent
view = overview.load(where, extent, top=st.session_state.get("top", 10))
if view.totals.events == 0:
    notices.nothing_matches(where, extent.last)
    st.stop()

with st.container(horizontal=True):
    for label, events, before in view.counts():
        delta = change(where, extent.first, events, before, bad=label == "Failures")
        st.metric(label, f"{events:,}", border=True, **delta)

# A closed box is empty: a browser that shows a code block loads the highlighters of all languages.
ticket = st.expander("Copy as a sentence", key="ticket", icon=":material/content_copy:", on_change="rerun")
if ticket.open:
    sentence = permalink.sentence(where, view.totals.events, view.totals.agents)
    link = permalink.link(where, st.context.url or "")
    ticket.code(f"{sentence}\n{link}", language=None, wrap_lines=True)

with st.container(border=True):
    st.subheader("Events over time", anchor=False)
    lighter = " Lighter bars are partly outside the time range." if view.timeline["partial"].any() else ""
    st.caption(f"Click a bar, drag across several, or click a category in the legend to filter.{lighter}")
    over_time = chart_filters.key(f"timeline{url_state.changes()}", where)
    bars = activity.timeline(
        view.timeline,
        categories,
        view.step,
        select=True,
        colours=catalogue.colours,
        earlier=view.earlier,
    )
    alarmed = matching.on_bars(view.timeline, recent.in_view(where), states.triage(), where.tz)
    st.altair_chart(
        activity.with_alarms(bars, alarmed),
        key=over_time,
        on_select=chart_filters.to_category_or_period(over_time, catalogue, view.timeline),
    )
    if not alarmed.empty:
        cards.legend(where)
    numbers = partial(chart_tables.timeline, view.timeline, categories, view.step, earlier=view.earlier)
    chart_tables.below("events over time", numbers)

with st.container(border=True):
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Activity by agent", anchor=False, width="content")
        st.segmented_control(
            "Agents shown",
            (10, 20, 50),
            default=10,
            required=True,
            format_func="Top {}".format,
            key="top",
            label_visibility="collapsed",
        )
    st.caption("Click a bar to filter by its agent.")
    by_agent = chart_filters.key(f"agents{url_state.changes()}", where)
    st.altair_chart(
        activity.by_agent(view.agents, categories, select=True, colours=catalogue.colours),
        key=by_agent,
        on_select=chart_filters.to_agent(by_agent),
    )
    chart_tables.below("activity by agent", partial(chart_tables.agents, view.agents, categories))

with st.container(border=True):
    st.subheader("Hours of the week", anchor=False)
    st.caption("Click an hour to filter by it.")
    by_hour = chart_filters.key(f"week{url_state.changes()}", where)
    st.altair_chart(
        activity.heat_map(view.week, select=True), key=by_hour, on_select=chart_filters.to_hour(by_hour)
    )
    chart_tables.below("hours of the week", partial(chart_tables.week, view.week))

recent.watch(where)
