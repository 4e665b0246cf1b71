"""One alarm on the screen: its sentence, the way to its events, who and where from, what a reviewer says of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

import streamlit as st

from alarms import LoginAlarm, Mark, QuietNote, Told, Watch
from audit_store.filters import EventFilter
from dashboard.filters import url_state
from dashboard.spikes import matching, recent, review_data
from dashboard.text import shown

LOG = "../pages/log.py"
SPIKES = "../pages/spikes.py"
MOST_ALSO = 20
KINDS = {
    "all": "All logins",
    "failed": "Failed logins",
    "agents": "Many agents at once",
    "agent": "One agent",
}
NOTES = {
    "sustained rise": "Sustained rise",
    "unusual hour": "Unusual hour",
    "new address": "First time from this address",
    "new activity": "First time this activity",
    "gone silent": "Gone silent",
}


def card(found: Watch, told: Told, made: Sequence[Mark]) -> None:
    """Draw an alarm."""
    alarm = told.alarm
    mark = review_data.mark_of(alarm, made)
    with st.container(border=True):
        st.caption(f"{_day(alarm)} · {KINDS[alarm.key.kind]}")
        st.text(shown(told.sentence))
        if mark is not None and mark.note:
            st.text(f"Note: {shown(mark.note)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            events_link(alarm)
            _verdict(alarm, mark)
            opened = st.toggle("Who and where from", key=f"evidence_{alarm.key.text}")
        if opened:
            _evidence(found, alarm)


def _day(alarm: LoginAlarm) -> str:
    start = alarm.key.start.replace(tzinfo=UTC).astimezone(alarm.where.zone)
    return f"{start:%A}, {start.day} {start:%B %Y}"


def events_link(of: LoginAlarm | QuietNote) -> None:
    """The way to exactly these events in the log."""
    st.page_link(
        LOG, label="Show these events", icon=":material/list_alt:", query_params=url_state.link(of.where)
    )


def legend(where: EventFilter) -> None:
    """What the triangles over a chart are, and the way to the alarms of the same filters."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f":red[▼] :small[a login alarm in the last {recent.LENGTH.days // 7} weeks of the whole log]",
            width="content",
        )
        st.page_link(
            SPIKES,
            label="Show the alarms",
            icon=":material/crisis_alert:",
            query_params=url_state.link(where),
        )


def line(event: Mapping[str, Any], where: EventFilter) -> None:
    """The alarm to which one row of `events` belongs, and the way to it; nothing for most of them."""
    if (told := matching.of_event(event, recent.told(where))) is None:
        return
    word = matching.WORDS[matching.verdict(told, review_data.marks())]
    st.caption("Alarm" if word == "Alarm" else f"Alarm, marked {word.lower()}")
    st.text(shown(told.sentence))
    st.page_link(
        SPIKES,
        label="Show this alarm",
        icon=":material/crisis_alert:",
        query_params=url_state.link(_days(told.alarm, where.tz)),
    )


def _days(alarm: LoginAlarm, tz: str) -> EventFilter:
    """Nothing but the local days on which an alarm lies."""
    zone = alarm.where.zone
    first, last = (
        moment.replace(tzinfo=UTC).astimezone(zone).date()
        for moment in (alarm.key.start, alarm.end - timedelta(microseconds=1))
    )
    days = {"range": ["custom"], "from": [first.isoformat()], "to": [(last + timedelta(days=1)).isoformat()]}
    return EventFilter.parse(days | {"tz": [tz]})[0]


def note(quiet: QuietNote) -> None:
    """Draw a quiet note on one line."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(NOTES.get(quiet.kind, "Note"), color="gray")
        st.text(shown(quiet.text), width="stretch")
        events_link(quiet)


def _verdict(alarm: LoginAlarm, mark: Mark | None) -> None:
    name = alarm.key.text
    current = mark.verdict if mark is not None else "open"
    with (
        st.popover(review_data.VERDICTS[current], width="content"),
        st.form(f"mark_{name}", border=False, enter_to_submit=False),
    ):
        verdict = st.segmented_control(
            "This alarm is",
            list(review_data.VERDICTS),
            default=current,
            required=True,
            format_func=lambda one: review_data.VERDICTS[one],
            key=f"verdict_{name}",
        )
        text = st.text_area("Note", mark.note if mark is not None else "", key=f"note_{name}", max_chars=2000)
        if st.form_submit_button("Save", key=f"save_{name}", type="primary"):
            review_data.mark(alarm, verdict, text)
            st.rerun()


def _evidence(found: Watch, alarm: LoginAlarm) -> None:
    for other in review_data.told(found, alarm.also[:MOST_ALSO]):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("Also seen in", color="gray")
            st.text(shown(other.sentence), width="stretch")
            events_link(other.alarm)
    behind = review_data.evidence(found, alarm)
    for what, rows, more in (
        ("Agent", behind.agents, behind.more_agents),
        ("Address", behind.addresses, behind.more_addresses),
    ):
        st.dataframe(review_data.table(rows, what), hide_index=True)
        if more:
            st.caption(f"and {more:,} more")
