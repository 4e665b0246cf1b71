"""Login alarms and findings on the screen: a card each, with links to their events and a form for a mark."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

import alarms
from alarms import AlarmSummary, LoginAlarm, LoginFinding, Mark, Review, Watch
from alarms.records.record import AlarmRecord
from alarms.triage.states import OPEN
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from audit_store.local_time import wall_clock
from audit_store.quantities import counted
from dashboard import data, notices, viewer
from dashboard.filters import url_state
from dashboard.spikes import matching, recent, review_data
from dashboard.text import shown

LOG = "../pages/log.py"
SPIKES = "../pages/spikes.py"
FIRST_ALARMS = 10
MOST_FINDINGS = 100
MOST_SERIES = 20
FINDINGS = {
    "sustained rise": "Sustained rise",
    "unusual hour": "Unusual hour",
    "new address": "First time from this address",
    "new activity": "First time this activity",
    "gone silent": "Gone silent",
}


def draw_alarms(watch: Watch, review: Review, marks: Sequence[Mark], verdicts: Sequence[str]) -> None:
    """Draw the alarms with one of these verdicts, all if there is none, and a button for more of them."""
    listed = alarms.with_verdict(review.alarms, marks, verdicts)
    if not listed:
        st.text("No alarms match.")
    limit = st.session_state.get("alarms_shown", FIRST_ALARMS)
    for summary in alarms.summarize(data.store(), watch, listed[:limit]):
        _card(watch, summary, marks)
    more = len(listed) - limit
    if more > 0 and st.button(f"Show {counted(more, 'more alarm')}"):
        st.session_state["alarms_shown"] = limit + FIRST_ALARMS
        st.rerun()


def draw_findings(watch: Watch, review: Review, sensitivity: str) -> None:
    """Draw a closed box with the findings that are not alarms, which are computed when it is opened."""
    box = st.expander("Low-priority findings", key="findings", on_change="rerun")
    if not box.open:
        return
    findings = review_data.findings(watch, review, sensitivity)
    with box:
        for finding in findings[:MOST_FINDINGS]:
            _finding(finding)
        if len(findings) > MOST_FINDINGS:
            st.caption(
                f"The first {MOST_FINDINGS} of {len(findings):,}; choose a shorter time range to see the others."
            )
        if not findings:
            st.text("No findings in this time range.")


def legend(where: EventFilter) -> None:
    """Draw what the triangles over a chart mean, and a link to the alarms of the same filter."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(":red[▼] :small[Login alarm]", width="content")
        _alarm_link("Show alarms", where)


def event_alarm(event: Mapping[str, Any], where: EventFilter) -> None:
    """Draw the alarm to which a row of `events` belongs, with a link to it; nothing for an event without one."""
    if (record := matching.of_event(event, recent.in_view(where))) is None:
        return
    state = review_data.triage().of(record).state
    st.caption("Alarm" if state == OPEN else f"Alarm, {matching.WORDS[state].lower()}")
    st.text(shown(record.sentence))
    _alarm_link("Show this alarm", _days(record, where))


def _card(watch: Watch, summary: AlarmSummary, marks: Sequence[Mark]) -> None:
    alarm, mark = summary.alarm, alarms.mark_of(summary.alarm, marks)
    start = wall_clock(alarm.key.start, alarm.where.zone)
    with st.container(border=True):
        st.caption(f"{start:%A}, {start.day} {start:%B %Y} · {alarms.SERIES_NAMES[alarm.key.kind]}")
        st.text(shown(summary.sentence))
        if mark is not None:
            _mark_line(mark, watch.where)
        with st.container(horizontal=True, vertical_alignment="center"):
            _events_link(alarm)
            _mark_form(alarm, mark)
            opened = st.toggle("Evidence", key=f"evidence_{alarm.key.text}")
        if opened:
            _evidence(watch, alarm)


def _mark_line(mark: Mark, where: EventFilter) -> None:
    by = f"Marked by {shown(mark.by)}" if mark.by else "Marked"
    at = f"{wall_clock(mark.at, where.zone):%Y-%m-%d %H:%M}"
    st.text(f"{by} on {at}{f': {shown(mark.note)}' if mark.note else ''}")


def _mark_form(alarm: LoginAlarm, mark: Mark | None) -> None:
    name = alarm.key.text
    current = alarms.verdict_of(mark)
    with (
        st.popover(f"Status: {review_data.VERDICTS[current]}", width="content"),
        st.form(f"mark_{name}", border=False, enter_to_submit=False),
    ):
        verdict = st.segmented_control(
            "This alarm is",
            list(review_data.VERDICTS),
            default=current,
            required=True,
            format_func=review_data.VERDICTS.__getitem__,
            key=f"verdict_{name}",
        )
        note = st.text_area(
            "Note", mark.note if mark is not None else "", key=f"note_{name}", max_chars=alarms.NOTE_MAX
        )
        if st.form_submit_button("Save", key=f"save_{name}", type="primary"):
            _save_mark(alarm, verdict, note)


def _save_mark(alarm: LoginAlarm, verdict: str, note: str) -> None:
    try:
        alarms.mark(data.store().path, alarm, verdict, note=note, by=viewer.name())
    except AuditStoreError as error:
        notices.line(str(error))
    else:
        st.rerun()


def _evidence(watch: Watch, alarm: LoginAlarm) -> None:
    for summary in alarms.summarize(data.store(), watch, alarm.also[:MOST_SERIES]):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("Also seen in", color="gray")
            st.text(shown(summary.sentence), width="stretch")
            _events_link(summary.alarm)
    evidence = alarms.evidence(data.store(), watch, alarm)
    for label, rows, more in (
        ("Agent", evidence.agents, evidence.more_agents),
        ("Address", evidence.addresses, evidence.more_addresses),
    ):
        st.dataframe(review_data.evidence_table(rows, label), hide_index=True)
        if more:
            st.caption(f"and {more:,} more")


def _finding(finding: LoginFinding) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(FINDINGS.get(finding.kind, "Finding"), color="gray")
        st.text(shown(finding.text), width="stretch")
        _events_link(finding)


def _events_link(source: LoginAlarm | LoginFinding) -> None:
    st.page_link(
        LOG,
        label="Show these events",
        icon=":material/list_alt:",
        query_params=url_state.link(source.where),
    )


def _alarm_link(label: str, where: EventFilter) -> None:
    st.page_link(SPIKES, label=label, icon=":material/crisis_alert:", query_params=url_state.link(where))


def _days(record: AlarmRecord, where: EventFilter) -> EventFilter:
    """The filter of nothing but the local days of an alarm."""
    first = wall_clock(record.starts_at, where.zone).date()
    last = wall_clock(record.ends_at - timedelta(microseconds=1), where.zone).date()
    return EventFilter(
        range="custom", start=first.isoformat(), end=(last + timedelta(days=1)).isoformat(), tz=where.tz
    )
