"""The parts of the page about one agent, address or target."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from alarms import takeovers
from alarms.records.record import AlarmRecord
from audit_store.filters import EventFilter
from dashboard import tables as drawn_tables
from dashboard.activity.overview import Overview
from dashboard.agent_page import facts as facts_of
from dashboard.agent_page.facts import Facts
from dashboard.agent_page.subject import KNOWN, Subject
from dashboard.charts import activity
from dashboard.filters import url_state
from dashboard.frame import chart
from dashboard.spikes import cards
from dashboard.text import shown
from dashboard.times import age, local

LOG = "../pages/log.py"
_ALARMS = 5


def head(subject: Subject, facts: Facts, view: Overview, where: EventFilter, now: datetime) -> None:
    """Draw the name, and when and how much."""
    with st.container(key="subject", gap="xxsmall"):
        st.caption(subject.label)
        st.text(shown(subject.name))
        if text := facts_of.novelty(facts):
            st.text(text)
    with st.container(horizontal=True):
        st.metric("Events", f"{view.totals.events:,}", border=True)
        st.metric("Failures", f"{view.totals.failures:,}", border=True)
        for label, moment in (("First seen", facts.first), ("Last seen", facts.last)):
            st.metric(
                label,
                age(moment, now) if moment else "–",
                border=True,
                help=_exactly(moment, subject, where) if moment else None,
            )


def _exactly(moment: datetime, subject: Subject, where: EventFilter) -> str:
    within = "" if subject.kind == "agent" else f"; of the last {KNOWN.days} days"
    return f"{local(moment, where.zone)[:16]}, exact to 15 minutes{within}"


def charts(view: Overview, facts: Facts) -> None:
    """Draw the events over time, and the usual hours beside them."""
    left, right = st.columns([3, 2])
    with left, st.container(border=True, height="stretch"):
        st.header("Events over time", anchor=False)
        chart.draw(activity.timeline(view.timeline, view.split.parts, view.step, colours=view.split.colours))
    with right, st.container(border=True, height="stretch"):
        st.header("Usual hours", anchor=False, help="All events there are, by local hour of the week.")
        chart.draw(activity.heat_map(facts.week))


def tables(subject: Subject, facts: Facts, where: EventFilter) -> None:
    """Draw the activities and the addresses."""
    left, right = st.columns(2)
    with left:
        st.header("Activities", anchor=False)
        drawn_tables.draw(
            facts_of.activities(facts), "Activities, the most frequent first", key="subject_activities"
        )
    with right:
        title = "Agents" if subject.kind == "source_ip" else "Addresses"
        st.header(title, anchor=False, help="Of the time range, at most its last 30 days.")
        drawn_tables.draw(
            facts_of.addresses(facts, subject, where),
            f"{title}, the most frequent first",
            key="subject_others",
            links=facts_of.address_links(facts, subject, where),
        )


def alarms(subject: Subject, records: Sequence[AlarmRecord], where: EventFilter) -> None:
    """Draw the alarms about an agent, the worst first; nothing without any."""
    own = [record for record in records if subject.name in {share.name for share in record.agents}]
    if not own or subject.kind != "agent":
        return
    st.header("Alarms", anchor=False)
    for record in own[:_ALARMS]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(shown(takeovers.of_agent(record, subject.name)), width="stretch")
            cards.alarm_link(record, where)


def latest(subject: Subject, facts: Facts, where: EventFilter) -> None:
    """Draw the newest events, and a link to all of them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Recent events", anchor=False, width="content")
        st.page_link(
            LOG, label="Show all in the log", icon=":material/list_alt:", query_params=url_state.link(where)
        )
    drawn_tables.draw(
        facts_of.latest(facts, subject, where),
        "The newest events",
        key="subject_latest",
        links=facts_of.latest_links(facts, subject, where),
    )


def choose() -> None:
    """Draw what to do without a subject."""
    st.text(
        "Choose one agent in the sidebar to see its first and last event, usual hours, addresses and alarms."
    )
