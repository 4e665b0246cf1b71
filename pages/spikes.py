"""Login spikes: what was unusual, whose logins, from where, and what reviewers said of it."""

import streamlit as st

from dashboard.charts import logins
from dashboard.filters import url_state
from dashboard.spikes import cards, review_data
from dashboard.text import count, shown

FIRST = 10
MOST_NOTES = 100
# States of the whole watch in which there is no login to draw.
_NOTHING = ("empty", "future", "no login kind", "no logins")
where = url_state.event_filter()
watch = review_data.watch(where)

with st.container(horizontal=True, vertical_alignment="bottom"):
    kind = st.segmented_control(
        "Shown",
        list(review_data.SERIES),
        default="all",
        required=True,
        format_func=review_data.SERIES.get,
        key="kind",
    )
    agent = st.multiselect(
        "One agent",
        review_data.agents_of(watch),
        max_selections=1,
        format_func=shown,
        key="of_agent",
        placeholder="All",
    )
    names = [one.name for one in review_data.SENSITIVITIES]
    sensitivity = st.select_slider(
        "Sensitivity", names, "usual", key="sensitivity", format_func=str.capitalize
    )
review = review_data.judged(watch, sensitivity)
st.caption(f"A promise: {review.promise}.")

series = review_data.one_agent(watch, agent[0], sensitivity) if agent else review.series.get(kind)
with st.container(border=True):
    if series is None or review.state.name in _NOTHING:
        st.text(shown(review.state.sentence if review.state.name in _NOTHING else "No logins in this time."))
        if where.range != "all":
            st.button("Look at all time", on_click=url_state.change, kwargs={"range": "all"})
    else:
        st.altair_chart(logins.spikes(series.frame, counted=series.noun.removesuffix("s")))
        st.text(shown(series.state.sentence))
for notice in review.state.notices:
    st.text(shown(notice))

made = review_data.marks()
with st.container(horizontal=True, vertical_alignment="center"):
    st.subheader("Alarms, the worst first", anchor=False, width="stretch")
    verdicts = st.pills(
        "Marked as",
        list(review_data.VERDICTS),
        selection_mode="multi",
        format_func=lambda one: review_data.VERDICTS[one],
        key="verdicts",
        label_visibility="collapsed",
        width="content",
    )
alarms = review_data.chosen(review, made, verdicts)
if not alarms:
    st.text("No alarm here.")
most = st.session_state.get("alarms_shown", FIRST)
for told in review_data.told(watch, alarms[:most]):
    cards.card(watch, told, made)
if len(alarms) > most and st.button(f"Show {count(len(alarms) - most, 'more alarm')}"):
    st.session_state["alarms_shown"] = most + FIRST
    st.rerun()

notes = review_data.notes(watch, review, sensitivity)
with st.expander(f"Quieter notes ({len(notes):,})"):
    for quiet in notes[:MOST_NOTES]:
        cards.note(quiet)
    if len(notes) > MOST_NOTES:
        st.caption(f"The first {MOST_NOTES}; choose a shorter time or fewer agents for the others.")
    if not notes:
        st.text("Nothing else stood out.")
