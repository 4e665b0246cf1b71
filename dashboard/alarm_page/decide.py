"""What a reviewer decides about the opened alarm: a state with a note, or an exception."""

from datetime import date, timedelta

import streamlit as st

from alarms import BY_MAX, NOTE_MAX
from alarms.records import reading
from alarms.triage import exceptions as exceptions_of
from alarms.triage.exceptions import LONGEST, PREVIEWED, Expected, would_silence
from alarms.triage.states import ACKNOWLEDGED, EXPECTED, STATES, set_state
from audit_store import week_hours
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from audit_store.local_time import now, wall_clock
from audit_store.quantities import counted
from audit_store.ranges import Period
from dashboard import data, notices, viewer
from dashboard.alarm_page import words
from dashboard.alarm_page.selection import Alarm
from dashboard.filters import url_state
from dashboard.text import shown

_LASTS = timedelta(days=90)
_MOST_PREVIEWED = 4
_PROBLEM = "alarm_problem"


def draw(alarm: Alarm, where: EventFilter) -> None:
    """Draw the buttons: acknowledge, another state, an exception."""
    alarm_id = alarm.record.id
    st.button(
        "Acknowledge",
        icon=":material/visibility:",
        type="primary",
        key="alarm_acknowledge",
        disabled=alarm.status == ACKNOWLEDGED,
        on_click=_set_state,
        args=(alarm, ACKNOWLEDGED, ""),
        shortcut="A",
    )
    with (
        st.popover("More states", icon=":material/flag:"),
        st.form(f"state_{alarm_id}", border=False, enter_to_submit=False),
    ):
        current = alarm.decision.state.state
        st.segmented_control(
            "This alarm is",
            STATES,
            default=current,
            required=True,
            format_func=str.capitalize,
            key=f"state_of_{alarm_id}",
        )
        st.text_area("Note", key=f"note_{alarm_id}", max_chars=NOTE_MAX, height=68)
        st.form_submit_button(
            "Save", type="primary", key=f"save_{alarm_id}", on_click=_save_state, args=(alarm,)
        )
    _exception(alarm, where)
    if problem := st.session_state.pop(_PROBLEM, None):
        notices.line(problem)


@st.fragment
def _exception(alarm: Alarm, where: EventFilter) -> None:
    """Draw a menu for an exception; in a fragment, so that the page stays as it is meanwhile."""
    box = st.popover(
        "Expect this from now on", icon=":material/event_repeat:", key="alarm_exception", on_change="rerun"
    )
    if box.open:
        with box:
            _exception_form(alarm, where)


def _exception_form(alarm: Alarm, where: EventFilter) -> None:
    record = alarm.record
    agents = {share.name for share in record.agents} | {record.agent} - {""}
    addresses = {share.name for share in record.addresses}
    expected = Expected(
        agent=_only("Of this agent alone", agents, bool(record.more_agents), f"agent_{record.id}"),
        address=_only(
            "From this address alone", addresses, bool(record.more_addresses), f"address_{record.id}"
        ),
        kind=(record.rule or record.kind)
        if st.toggle("Alarms of this kind alone", value=True, key=f"kind_{record.id}")
        else "",
        hours=tuple(
            st.multiselect(
                "Hours of the week, in the zone of the detector",
                week_hours.CHOICES,
                format_func=week_hours.label,
                key=f"hours_{record.id}",
                placeholder="Any",
            )
        ),
    )
    today = wall_clock(now(), where.zone).date()
    until = st.date_input(
        "Until (not included)",
        today + _LASTS,
        min_value=today + timedelta(days=1),
        max_value=today + LONGEST - timedelta(days=1),
        key=f"until_{record.id}",
    )
    note = st.text_input("Why", key=f"why_{record.id}", max_chars=NOTE_MAX)
    _preview(expected)
    if st.button("Expect", type="primary", key=f"expect_{record.id}") and isinstance(until, date):
        _expect(alarm, expected, until, note)


def _only(label: str, names: set[str], is_more: bool, key: str) -> str:
    """A choice to except the one agent or address of the alarm; "" if it is not chosen, or there are several."""
    if len(names) != 1 or is_more:
        return ""
    (name,) = names
    is_chosen = st.toggle(label, value=True, key=key)
    st.text(shown(name, 60))
    return name if is_chosen else ""


def _preview(expected: Expected) -> None:
    records = reading.records(data.store(), Period(now() - PREVIEWED, None))
    silenced = would_silence(expected, records)
    st.caption(
        f"{counted(len(silenced), 'alarm')} of the last {PREVIEWED.days} days would have been silenced"
    )
    for record in silenced[:_MOST_PREVIEWED]:
        st.text(
            f"{record.severity.capitalize()}: {shown(words.who(record), 40)}, {shown(words.what(record), 60)}"
        )


def _expect(alarm: Alarm, expected: Expected, until: date, note: str) -> None:
    path = data.store().path
    try:
        exceptions_of.add(path, expected, until, note=note, by=viewer.name())
        set_state(path, alarm.record, EXPECTED, note=note, by=viewer.name())
    except (AuditStoreError, ValueError) as error:
        notices.line(str(error))
    else:
        url_state.rerun()


def _save_state(alarm: Alarm) -> None:
    alarm_id = alarm.record.id
    _set_state(alarm, st.session_state[f"state_of_{alarm_id}"], st.session_state[f"note_{alarm_id}"])


def _set_state(alarm: Alarm, state: str, note: str) -> None:
    try:
        set_state(data.store().path, alarm.record, state, note=note, by=viewer.name()[:BY_MAX])
    except AuditStoreError as error:
        st.session_state[_PROBLEM] = str(error)
