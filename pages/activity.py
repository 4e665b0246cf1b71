"""Who did what when: totals, events over time, the busiest agents, the hours of the week."""

import streamlit as st

from dashboard import (
    address,
    alarm_cards,
    alarm_marks,
    charts,
    charts_marks,
    data,
    drill,
    kinds,
    known,
    numbers,
    overview,
    reviewing,
    standing,
    states,
    ticket,
)
from dashboard.changes import change
from dashboard.text import count

where = address.event_filter()
catalogue = known.activities()
categories = catalogue.categories
extent = data.surroundings(where).extent
found = overview.look(where, extent, top=st.session_state.get("top", 10))
if found.totals.events == 0:
    states.nothing_matches(where, extent.last)
    st.stop()

with st.container(horizontal=True):
    for label, now, before in found.counts():
        beside = change(where, extent.first, now, before, bad=label == "Failures")
        st.metric(label, count(now), border=True, **beside)

with st.expander("Copy as a sentence", key="ticket", icon=":material/content_copy:"):
    said = ticket.sentence(where, found.totals.events, found.totals.agents)
    st.code(f"{said}\n{ticket.link(where, st.context.url or '')}", language=None, wrap_lines=True)

with st.container(border=True):
    st.subheader("Events over time", anchor=False)
    cut = "Lighter bars are only partly in the range." if found.timeline["partial"].any() else ""
    st.caption(
        f"Click a bar or drag across several to see their time alone, or click a category in the legend. {cut}"
    )
    over_time = drill.key(f"timeline{address.changes()}", where)
    bars = charts.timeline(
        found.timeline,
        categories,
        found.step,
        select=True,
        colours=catalogue.colours,
        earlier=found.earlier,
    )
    alarmed = alarm_marks.on_bars(found.timeline, standing.told(where), reviewing.marks(), where.tz)
    st.altair_chart(
        charts_marks.with_alarms(bars, alarmed),
        key=over_time,
        on_select=kinds.to_category_or_period(over_time, catalogue, found.timeline),
    )
    if not alarmed.empty:
        alarm_cards.legend(where)
    table = numbers.timeline(found.timeline, categories, found.step, earlier=found.earlier)
    numbers.below(table, of="events over time")

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
    by_agent = drill.key(f"agents{address.changes()}", where)
    st.altair_chart(
        charts.by_agent(found.agents, categories, select=True, colours=catalogue.colours),
        key=by_agent,
        on_select=drill.to_agent(by_agent),
    )
    numbers.below(numbers.agents(found.agents, categories), of="activity by agent")

with st.container(border=True):
    st.subheader("Hours of the week", anchor=False)
    st.caption("Click an hour to see it alone.")
    by_hour = drill.key(f"week{address.changes()}", where)
    st.altair_chart(charts.heat_map(found.week, select=True), key=by_hour, on_select=drill.to_hour(by_hour))
    numbers.below(numbers.week(found.week), of="hours of the week")

standing.keep_up(where)
