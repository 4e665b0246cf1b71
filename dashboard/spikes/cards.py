"""Alarms on the other pages: what their marks mean, and links to them."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from alarms.records.record import AlarmRecord
from alarms.triage.states import OPEN
from audit_store.filters import EventFilter
from dashboard.filters import subject_links, url_state
from dashboard.spikes import matching, recent, states
from dashboard.text import shown

SPIKES = "../pages/spikes.py"
AGENT = "../pages/agent.py"


def link(label: str, where: EventFilter) -> None:
    """Draw a link to the alarms of a filter."""
    _link(label, url_state.link(where))


def agent_link(agent: str, where: EventFilter) -> None:
    """Draw a link to the page of an agent, in the time range of a filter."""
    st.page_link(
        AGENT,
        label="Open the agent's page",
        icon=":material/person:",
        query_params=subject_links.parameters("agent", agent, where),
    )


def alarm_link(record: AlarmRecord, where: EventFilter) -> None:
    """Draw a link to one alarm."""
    _link("Show this alarm", url_state.link(where) | {url_state.ALARM: [record.id]})


def event_alarm(event: Mapping[str, Any], where: EventFilter) -> None:
    """Draw the alarm to which a row of `events` belongs, with a link to it; nothing for an event without one."""
    if (record := matching.of_event(event, recent.in_view(where))) is None:
        return
    state = states.triage().of(record).state
    st.caption("Alarm" if state == OPEN else f"Alarm, {matching.WORDS[state].lower()}")
    st.text(shown(record.sentence))
    alarm_link(record, where)


def _link(label: str, parameters: dict[str, list[str]]) -> None:
    st.page_link(SPIKES, label=label, icon=":material/crisis_alert:", query_params=parameters)
