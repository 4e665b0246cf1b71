"""Alarms on the other pages: what their marks mean, and links to them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from alarms.triage.states import OPEN
from audit_store.filters import EventFilter
from dashboard.filters import url_state
from dashboard.spikes import matching, recent, states
from dashboard.text import shown

SPIKES = "../pages/spikes.py"


def legend(where: EventFilter) -> None:
    """Draw what the triangles over a chart mean, and a link to the alarms of the same filter."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(":red[▼] :small[Login alarm]", width="content")
        _link("Show alarms", url_state.link(where))


def event_alarm(event: Mapping[str, Any], where: EventFilter) -> None:
    """Draw the alarm to which a row of `events` belongs, with a link to it; nothing for an event without one."""
    if (record := matching.of_event(event, recent.in_view(where))) is None:
        return
    state = states.triage().of(record).state
    st.caption("Alarm" if state == OPEN else f"Alarm, {matching.WORDS[state].lower()}")
    st.text(shown(record.sentence))
    _link("Show this alarm", url_state.link(where) | {url_state.ALARM: [record.id]})


def _link(label: str, parameters: dict[str, list[str]]) -> None:
    st.page_link(SPIKES, label=label, icon=":material/crisis_alert:", query_params=parameters)
