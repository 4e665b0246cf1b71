"""The tables of the opened alarm: what followed, its agents and addresses, and its history."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from alarms.records.record import AlarmRecord, Share
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from dashboard import tables
from dashboard.alarm_page import words
from dashboard.alarm_page.selection import Alarm
from dashboard.filters import subject_links
from dashboard.text import shown
from dashboard.times import day

_MOST_ROWS = 6


def draw_followed(record: AlarmRecord, where: EventFilter, now: datetime) -> None:
    """Draw what the agents did in the two hours after; nothing if they did nothing."""
    if not record.followed_by:
        return
    st.header("What followed", anchor=False)
    frame = pd.DataFrame(
        [
            {
                "When": words.moment(event.first_at, where.zone, now),
                "Activity": shown(event.activity),
                "Risk": "Sensitive" if event.is_sensitive else "",
                "Agent": shown(event.agent),
                "Address": shown(event.address or ""),
                "Events": event.events,
            }
            for event in record.followed_by
        ]
    )
    same = [name for name in ("Agent", "Address") if frame[name].nunique() == 1]
    tables.draw(
        frame.drop(columns=same),
        "What the agents of the alarm did afterwards",
        key="alarm_followed",
        links={
            "Agent": subject_links.urls("agent", [event.agent for event in record.followed_by], where),
            "Address": subject_links.urls(
                "source_ip", [event.address for event in record.followed_by], where
            ),
        },
        warnings=["Risk"],
        most_rows=_MOST_ROWS,
    )


def draw_evidence(record: AlarmRecord, where: EventFilter) -> None:
    """Draw the agents and the addresses, those with the largest excess first."""
    frame = evidence(record, where)
    if frame.empty:
        return
    st.header("Evidence", anchor=False)
    tables.draw(
        frame,
        "Agents and addresses of the alarm",
        key="alarm_evidence",
        links={
            "Name": [
                subject_links.url(kind, share.name, where)
                for kind, shares in (("agent", record.agents), ("source_ip", record.addresses))
                for share in shares
            ]
        },
        most_rows=_MOST_ROWS,
    )
    more = [
        counted(number, *noun)
        for number, noun in (
            (record.more_agents, ("more agent",)),
            (record.more_addresses, ("more address", "more addresses")),
        )
        if number
    ]
    if more:
        st.caption(f"And {' and '.join(more)}.")


def evidence(record: AlarmRecord, where: EventFilter) -> pd.DataFrame:
    """A row for each agent and address: its name, count, failed, usual count and when it was first seen.

    How many failed is left out where failed ones alone are counted, and successes after failures where there are none.
    """
    frame = pd.DataFrame(
        [
            {
                "Of": label,
                "Name": shown(share.name),
                "Count": share.count,
                "Failed": share.failed,
                "Then succeeded": share.succeeded,
                "Usual": "–" if share.usual is None else f"{share.usual:,.1f}",
                "First seen": _first_seen(share, where),
            }
            for label, shares in (("Agent", record.agents), ("Address", record.addresses))
            for share in shares
        ]
    )
    if frame.empty:
        return frame
    is_same = frame["Count"].equals(frame["Failed"])
    left_out = [
        *(["Failed"] if is_same else []),
        *([] if frame["Then succeeded"].any() else ["Then succeeded"]),
    ]
    return frame.drop(columns=left_out)


def _first_seen(share: Share, where: EventFilter) -> str:
    if share.is_new:
        return "New"
    return "" if share.first_seen is None else day(share.first_seen, where.zone)


def draw_history(revisions: Sequence[AlarmRecord], alarm: Alarm, where: EventFilter, now: datetime) -> None:
    """Draw the revisions of the record and the decisions about it, in the order of time."""
    st.header("History", anchor=False)
    lines = sorted([*_revisions(revisions), *_decisions(alarm)])
    st.text("\n".join(f"{words.moment(at, where.zone, now)}  {shown(text)}" for at, text in lines))


def _revisions(revisions: Sequence[AlarmRecord]) -> Iterator[tuple[datetime, str]]:
    for revision in revisions:
        text = "recorded" if revision.revision == 1 else revision.change
        yield revision.recorded_at, text[:1].upper() + text[1:]


def _decisions(alarm: Alarm) -> Iterator[tuple[datetime, str]]:
    for state in alarm.history:
        if state.at is not None:
            by = f" by {state.by}" if state.by else ""
            yield state.at, f"{state.state.capitalize()}{by}{f': {state.note}' if state.note else ''}"
