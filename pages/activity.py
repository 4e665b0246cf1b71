"""Who did what when: totals, events over time, the busiest agents, the hours of the week."""

import streamlit as st

from dashboard import active_catalogue, data, notices
from dashboard.activity import chart_filters, chart_tables, kinds, overview
from dashboard.activity.period_comparison import change
from dashboard.charts import activity, marks
from dashboard.filters import permalink, url_state
from dashboard.spikes import cards, matching, recent, review_data
from dashboard.text import count

where = url_state.event_filter()
catalogue = active_catalogue.activities()
categories = catalogue.categories
extent = data.surroundings(where).extent
found = overview.look(where, extent, top=st.session_state.get("top", 10))
if found.totals.events == 0:
    notices.nothing_matches(where, extent.last)
    st.stop()

with st.container(horizontal=True):
    for label, now, before in found.counts():
        beside = change(where, extent.first, now, before, bad=label == "Failures")
        st.metric(label, count(now), border=True, **beside)

with st.expander("Copy as a sentence", key="ticket", icon=":material/content_copy:"):
    said = permalink.sentence(where, found.totals.events, found.totals.agents)
    st.code(f"{said}\n{permalink.link(where, st.context.url or '')}", language=None, wrap_lines=True)

with st.container(border=True):
    st.subheader("Events over time", anchor=False)
    cut = "Lighter bars are only partly in the range." if found.timeline["partial"].any() else ""
    st.caption(
        f"Click a bar or drag across several to see their time alone, or click a category in the legend. {cut}"
    )
    over_time = chart_filters.key(f"timeline{url_state.changes()}", where)
    bars = activity.timeline(
        found.timeline,
        categories,
        found.step,
        select=True,
        colours=catalogue.colours,
        earlier=found.earlier,
    )
    alarmed = matching.on_bars(found.timeline, recent.told(where), review_data.marks(), where.tz)
    st.altair_chart(
        marks.with_alarms(bars, alarmed),
        key=over_time,
        on_select=kinds.to_category_or_period(over_time, catalogue, found.timeline),
    )
    if not alarmed.empty:
        cards.legend(where)
    table = chart_tables.timeline(found.timeline, categories, found.step, earlier=found.earlier)
    chart_tables.below(table, of="events over time")

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
    st.caption("Click a bar to see that agent alone.")
    by_agent = chart_filters.key(f"agents{url_state.changes()}", where)
    st.altair_chart(
        activity.by_agent(found.agents, categories, select=True, colours=catalogue.colours),
        key=by_agent,
        on_select=chart_filters.to_agent(by_agent),
    )
    chart_tables.below(chart_tables.agents(found.agents, categories), of="activity by agent")

with st.container(border=True):
    st.subheader("Hours of the week", anchor=False)
    st.caption("Click an hour to see it alone.")
    by_hour = chart_filters.key(f"week{url_state.changes()}", where)
    st.altair_chart(
        activity.heat_map(found.week, select=True), key=by_hour, on_select=chart_filters.to_hour(by_hour)
    )
    chart_tables.below(chart_tables.week(found.week), of="hours of the week")

recent.keep_up(where)
