"""The health of the store, whether it can be read or not."""

import streamlit as st

from dashboard import notices
from dashboard.filters import url_state
from dashboard.store_page import banner, sections
from dashboard.store_page import health as store_health

request = url_state.current()
health = store_health.look()
banner.draw(health, request.now, request.where.zone)
if health.problem is not None:
    with st.container(border=True):
        notices.problem(health.problem, health.path)
elif health.contents is not None and health.contents.events == 0:
    with st.container(border=True):
        notices.empty(health.path)
sections.draw(health, request.now, request.where.zone)
