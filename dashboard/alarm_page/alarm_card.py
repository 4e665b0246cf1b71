"""The card of the opened alarm: who and what, why it is severe, what to do, its chart, and its evidence."""

from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from alarms.records.record import WITHDRAWN, AlarmRecord
from audit_store.filters import EventFilter
from audit_store.local_time import bound_text
from dashboard.alarm_page import alarm_chart, alarm_tables, decide, selection, words
from dashboard.alarm_page.selection import Alarm, Selection
from dashboard.data import Extent
from dashboard.filters import url_state
from dashboard.log import export_menu
from dashboard.log.pin import Pin
from dashboard.spikes import cards
from dashboard.text import shown

LOG = "../pages/log.py"


def draw(selected: Selection, alarm: Alarm, where: EventFilter, extent: Extent, now: datetime) -> None:
    """Draw an alarm; times in the zone of `where`."""
    with st.container(border=True, key="alarm_card", gap="small"):
        _head(selected, alarm, now)
        if not selected.is_listed:
            st.caption("This alarm is hidden by the current filters.")
        _headline(alarm, where, now)
        _actions(alarm, where, extent)
        alarm_chart.draw(alarm.record, where, now)
        alarm_tables.draw_followed(alarm.record, where, now)
        alarm_tables.draw_evidence(alarm.record, where)
        alarm_tables.draw_history(selected.revisions, alarm, where, now)


def events_filter(alarm: Alarm, where: EventFilter) -> EventFilter:
    """Exactly the events of an alarm, in the time zone of the viewer."""
    events, _ = EventFilter.parse(alarm.record.where, now=datetime.now(UTC), tz=alarm.record.tz)
    start, end = events.period.start, events.period.end
    return replace(
        events,
        tz=where.tz,
        start=None if start is None else bound_text(start, where.zone),
        end=None if end is None else bound_text(end, where.zone),
    )


def _head(selected: Selection, alarm: Alarm, now: datetime) -> None:
    record = alarm.record
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.badge(
            record.severity.capitalize(),
            color=words.SEVERITY_COLOURS[record.severity],
            help=words.SEVERITY_HELP[record.severity],
        )
        st.badge(
            alarm.status.capitalize(),
            color=words.STATUS_COLOURS[alarm.status],
            help=words.STATUS_HELP[alarm.status],
        )
        if words.is_running(record, now):
            st.badge("Running", color="violet", help="Its last hour is not over; its figures can still grow.")
        if record.provisional:
            st.badge("Learning", color="gray", help="The baseline has fewer than 7 days of logins.")
        st.space("stretch")
        _step("Previous", ":material/arrow_upward:", "K", selected.neighbour(-1))
        _step("Next", ":material/arrow_downward:", "J", selected.neighbour(1))


def _step(label: str, icon: str, shortcut: str, alarm_id: str | None) -> None:
    st.button(
        label,
        icon=icon,
        type="tertiary",
        key=f"alarm_{label.lower()}",
        disabled=alarm_id is None,
        on_click=url_state.put,
        args=(selection.ALARM, [alarm_id] if alarm_id else []),
        shortcut=shortcut,
    )


def _headline(alarm: Alarm, where: EventFilter, now: datetime) -> None:
    record = alarm.record
    with st.container(key="alarm_headline", gap="xxsmall"):
        st.text(f"{shown(words.who(record))} · {words.when(record, where.zone, now)}")
    with st.container(gap="xxsmall"):
        st.text(shown(words.what(record)))
        if text := words.peak(record, where.zone):
            st.text(text)
        if record.status == WITHDRAWN:
            st.text(shown(record.change))
        if grew := alarm.decision.state.grew:
            st.text(f"Open again: {shown(grew)}")
        if (exception := alarm.decision.exception) is not None:
            st.text(f"Expected until {exception.until}: {shown(exception.expected.sentence)}")
    with st.container(gap="xxsmall"):
        _reasons(record)


def _reasons(record: AlarmRecord) -> None:
    for title, tooltip, text in words.chips(record):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            if title:
                st.badge(title, color="orange", help=tooltip or None)
            if text:
                st.text(shown(text))


def _actions(alarm: Alarm, where: EventFilter, extent: Extent) -> None:
    events = events_filter(alarm, where)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        decide.draw(alarm, where)
        export_menu.menu(Pin(events, extent.last_seq + 1), None, label="Export these events", of="alarm")
        st.page_link(
            LOG, label="Show these events", icon=":material/list_alt:", query_params=url_state.link(events)
        )
        if alarm.record.agent:
            cards.agent_link(alarm.record.agent, where)
