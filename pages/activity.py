"""Activity: totals, events over time, the busiest agents, and the hours of the week."""

import streamlit as st

from dashboard import data, notices
from dashboard.activity import cards, overview, tiles
from dashboard.filters import url_state
from dashboard.frame import freshness
from dashboard.spikes import recent

where = url_state.current().where
extent = data.surroundings(where).extent
view = overview.load(
    where, extent, top=st.session_state.get("top", 10), by=st.session_state.get("split", "category")
)
if view.totals.events == 0:
    notices.nothing_matches(where, extent.last)
    st.stop()

alarms = recent.in_view(where)
tiles.draw(view, where, extent.first, alarms)
cards.over_time(view, where, alarms)
if cards.has_week(view):
    left, right = st.columns(2)
    with left:
        cards.by_agent(view, where)
    with right:
        cards.week(view, where)
else:
    cards.by_agent(view, where)

recent.watch(where, freshness.follows)
