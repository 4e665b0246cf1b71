"""Login spikes: what was unusual, whose logins, from where, and what reviewers said of it."""

import streamlit as st

from dashboard import address, alarm_cards, reviewing, spike_chart
from dashboard.text import count, shown

FIRST = 10
MOST_NOTES = 100
# States of the whole watch in which there is no login to draw.
_NOTHING = ("empty", "future", "no login kind", "no logins")
where = address.event_filter()
watch = reviewing.watch(where)

with st.container(horizontal=True, vertical_alignment="bottom"):
    kind = st.segmented_control(
        "Shown",
        list(reviewing.SERIES),
        default="all",
        required=True,
        format_func=reviewing.SERIES.get,
        key="kind",
    )
    agent = st.multiselect(
        "One agent",
        reviewing.agents_of(watch),
        max_selections=1,
        format_func=shown,
        key="of_agent",
        placeholder="All",
    )
    names = [one.name for one in reviewing.SENSITIVITIES]
    sensitivity = st.select_slider(
        "Sensitivity", names, "usual", key="sensitivity", format_func=str.capitalize
    )
review = reviewing.judged(watch, sensitivity)
st.caption(f"A promise: {review.promise}.")

series = reviewing.one_agent(watch, agent[0], sensitivity) if agent else review.series.get(kind)
with st.container(border=True):
    if series is None or review.state.name in _NOTHING:
        st.text(shown(review.state.sentence if review.state.name in _NOTHING else "No logins in this time."))
        if where.range != "all":
            st.button("Look at all time", on_click=address.change, kwargs={"range": "all"})
    else:
        st.altair_chart(spike_chart.spikes(series.frame, counted=series.noun.removesuffix("s")))
        st.text(shown(series.state.sentence))
for notice in review.state.notices:
    st.text(shown(notice))

made = reviewing.marks()
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader("Alarms, the worst first", anchor=False, width="stretch")
    verdicts = st.pills(
        "Marked as",
        list(reviewing.VERDICTS),
        selection_mode="multi",
        format_func=lambda one: reviewing.VERDICTS[one],
        key="verdicts",
        label_visibility="collapsed",
        width="content",
    )
alarms = reviewing.chosen(review, made, verdicts)
if not alarms:
    st.text("No alarm here.")
most = st.session_state.get("alarms_shown", FIRST)
for told in reviewing.told(watch, alarms[:most]):
    alarm_cards.card(watch, told, made)
if len(alarms) > most and st.button(f"Show {count(len(alarms) - most, 'more alarm')}"):
    st.session_state["alarms_shown"] = most + FIRST
    st.rerun()

notes = reviewing.notes(watch, review, sensitivity)
with st.expander(f"Quieter notes ({len(notes):,})"):
    for quiet in notes[:MOST_NOTES]:
        alarm_cards.note(quiet)
    if len(notes) > MOST_NOTES:
        st.caption(f"The first {MOST_NOTES}; choose a shorter time or fewer agents for the others.")
    if not notes:
        st.text("Nothing else stood out.")
