"""The tables of the opened alarm: what followed, its agents and addresses, and its history."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from alarms.records.record import AlarmRecord, Share
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from dashboard.alarm_page import words
from dashboard.alarm_page.selection import Alarm
from dashboard.text import shown
from dashboard.times import day

_MOST_ROWS = 6
_ROW_HEIGHT = 35
_WIDTHS = {"Of": 65, "Name": 185, "Count": 55, "Failed": 55, "Usual": 55}


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
                "Risk": ["Sensitive"] if event.is_sensitive else [],
                "Agent": shown(event.agent),
                "Address": shown(event.address or ""),
                "Events": event.events,
            }
            for event in record.followed_by
        ]
    )
    same = [name for name in ("Agent", "Address") if frame[name].nunique() == 1]
    sensitive = st.column_config.MultiselectColumn("Risk", options=["Sensitive"], color=["red"], width=85)
    _table(frame.drop(columns=same), {"Risk": sensitive}, "What the agents of the alarm did afterwards")


def draw_evidence(record: AlarmRecord, where: EventFilter) -> None:
    """Draw the agents and the addresses, those with the largest excess first."""
    frame = evidence(record, where)
    if frame.empty:
        return
    st.header("Evidence", anchor=False)
    config = {name: st.column_config.Column(width=width) for name, width in _WIDTHS.items()}
    _table(frame, config, "Agents and addresses of the alarm")
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
    """A row for each agent and address: its name, count, failed, usual count and when it was first seen."""
    return pd.DataFrame(
        [
            {
                "Of": label,
                "Name": shown(share.name),
                "Count": share.count,
                "Failed": share.failed,
                "Usual": "–" if share.usual is None else f"{share.usual:,.1f}",
                "First seen": _first_seen(share, where),
            }
            for label, shares in (("Agent", record.agents), ("Address", record.addresses))
            for share in shares
        ]
    )


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


def _table(frame: pd.DataFrame, config: Mapping[str, Any], alt: str) -> None:
    st.dataframe(
        frame,
        hide_index=True,
        height=_ROW_HEIGHT * (min(len(frame), _MOST_ROWS) + 1) + 3,
        row_height=_ROW_HEIGHT,
        column_config=config,
        alt=alt,
    )
