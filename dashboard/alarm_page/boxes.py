"""The closed boxes below the alarms: exceptions, and low-priority findings, read when they are opened."""

from dataclasses import replace
from datetime import timedelta

import streamlit as st

import alarms
from alarms import SENSITIVITIES, LoginFinding
from alarms.records import reading
from alarms.triage import exceptions as exceptions_of
from alarms.triage.exceptions import IN_FORCE, AlarmException
from audit_store.errors import AuditStoreError
from audit_store.local_time import now
from audit_store.ranges import Period
from dashboard import active_catalogue, data, notices, viewer
from dashboard.alarm_page import selection
from dashboard.filters import url_state
from dashboard.filters.url_state import Request
from dashboard.spikes import states
from dashboard.text import shown

LOG = "../pages/log.py"
MOST_FINDINGS = 100
FINDINGS = {
    "sustained rise": "Sustained rise",
    "unusual hour": "Unusual hour",
    "new address": "First time from this address",
    "new activity": "First time this activity",
    "gone silent": "Gone silent",
}
_HOUR = timedelta(hours=1)


def draw(request: Request) -> None:
    """Draw both boxes."""
    box = st.expander("Exceptions", key="exceptions", on_change="rerun")
    if box.open:
        with box:
            _exceptions()
    box = st.expander("Low-priority findings", key="findings", on_change="rerun")
    if box.open:
        with box:
            _findings(request)


def _exceptions() -> None:
    listed = states.decisions().exceptions
    if not listed:
        st.text("No exceptions. Open an alarm and choose “Expect this from now on”.")
    for exception in reversed(listed):
        state = exception.state(now())
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(state.capitalize(), color="green" if state == IN_FORCE else "gray")
            note = f": {exception.note}" if exception.note else ""
            text = f"{exception.expected.sentence}, until {exception.until}, by {exception.by}{note}"
            st.text(shown(text), width="stretch")
            if state == IN_FORCE:
                st.button(
                    "Withdraw",
                    key=f"withdraw_{exception.number}",
                    help="Its alarms are open again.",
                    on_click=_withdraw,
                    args=(exception,),
                )


def _withdraw(exception: AlarmException) -> None:
    try:
        exceptions_of.withdraw(data.store().path, exception.number, by=viewer.name())
    except AuditStoreError as error:
        notices.line(str(error))


def _findings(request: Request) -> None:
    with st.spinner("Learning the baseline …"):
        findings = _read_findings(request)
    for finding in findings[:MOST_FINDINGS]:
        _finding(finding)
    if len(findings) > MOST_FINDINGS:
        st.caption(
            f"The first {MOST_FINDINGS} of {len(findings):,}; choose a shorter time range to see the others."
        )
    if not findings:
        st.text("No findings in this time range.")


def _read_findings(request: Request) -> list[LoginFinding]:
    """The findings of the filter, the newest first. Raises as `data.surroundings`."""
    engine, catalogue = data.store(), active_catalogue.activities()
    where = replace(request.where, period=_whole_hours(request.where.period))
    watch = alarms.watch_logins(engine, where, request.now, catalogue)
    sensitivity = next(choice for choice in SENSITIVITIES if choice.name == selection.sensitivity())
    recorded = reading.records(engine, Period(*watch.period))
    return alarms.findings(engine, watch, recorded, sensitivity)


def _whole_hours(period: Period) -> Period:
    start = period.start and period.start.replace(minute=0, second=0, microsecond=0)
    last = period.end and period.end - timedelta(microseconds=1)
    return Period(start, last and last.replace(minute=0, second=0, microsecond=0) + _HOUR)


def _finding(finding: LoginFinding) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(FINDINGS.get(finding.kind, "Finding"), color="gray")
        st.text(shown(finding.text), width="stretch")
        st.page_link(
            LOG,
            label="Show these events",
            icon=":material/list_alt:",
            query_params=url_state.link(finding.where),
        )
