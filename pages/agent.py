"""One agent, address or target: since when, at which hours, what, from where, and what is new."""

import streamlit as st

from dashboard import data, notices
from dashboard.activity import overview
from dashboard.agent_page import facts, sections
from dashboard.agent_page import subject as subjects
from dashboard.filters import url_state
from dashboard.frame import freshness
from dashboard.spikes import recent

request = url_state.current()
where = request.where
subject = subjects.of(where)
if subject is None:
    sections.choose()
    st.stop()

extent = data.surroundings(where).extent
view = overview.load(where, extent, top=1)
if view.totals.events == 0:
    notices.nothing_matches(where, extent.last)
    st.stop()
known = facts.read(subject, where, request.now)
sections.head(subject, known, view, where, request.now)
sections.alarms(subject, recent.in_view(where), where)
sections.charts(view, known)
sections.tables(subject, known, where)
sections.latest(subject, known, where)
recent.watch(where, freshness.follows)
