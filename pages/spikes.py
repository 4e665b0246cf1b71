"""Login spikes: the chart of the logins, the alarms in them, and lower-priority findings."""

import streamlit as st

from dashboard.charts import logins
from dashboard.filters import url_state
from dashboard.spikes import cards, review_data
from dashboard.text import shown

# States of the whole watch in which there is no login to draw.
NOTHING = ("empty", "future", "no login kind", "no logins")
request = url_state.current()
watch = review_data.watch(request)

with st.container(horizontal=True, vertical_alignment="bottom"):
    kind = st.segmented_control(
        "Series",
        list(review_data.SERIES),
        default="all",
        required=True,
        format_func=review_data.SERIES.get,
        key="kind",
    )
    agents = st.multiselect(
        "Agent in the chart",
        review_data.agents_of(watch),
        max_selections=1,
        format_func=shown,
        key="of_agent",
        placeholder="All",
    )
    sensitivity = st.select_slider(
        "Sensitivity",
        review_data.SENSITIVITY_NAMES,
        review_data.DEFAULT_SENSITIVITY,
        key="sensitivity",
        format_func=str.capitalize,
    )
review = review_data.review(watch, sensitivity)
st.caption(f"Expect {review.false_alarms}.")

series = review_data.series(watch, review, kind, agents, sensitivity)
with st.container(border=True):
    if series is None or review.status.name in NOTHING:
        nothing = review.status.name in NOTHING
        st.text(shown(review.status.sentence) if nothing else "No logins in this time range.")
        if request.where.range != "all":
            st.button("Show all time", on_click=url_state.change, kwargs={"range": "all"})
    else:
        st.altair_chart(logins.spikes(series.frame, noun=series.noun))
        st.text(shown(series.status.sentence))
for notice in review.status.notices:
    st.text(shown(notice))

st.subheader("Alarms, worst first", anchor=False)
verdicts = st.pills(
    "Status",
    list(review_data.VERDICTS),
    selection_mode="multi",
    format_func=review_data.VERDICTS.get,
    key="verdicts",
    label_visibility="collapsed",
)
cards.draw_alarms(watch, review, review_data.marks(), verdicts)
cards.draw_findings(watch, review, sensitivity)
