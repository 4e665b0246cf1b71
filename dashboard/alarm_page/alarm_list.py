"""The list of alarms, with its filters by status and sensitivity."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import pandas as pd
import streamlit as st

from alarms.records.record import SEVERITIES, WATCHDOG, AlarmRecord
from audit_store.filters import EventFilter
from dashboard.alarm_page import selection, words
from dashboard.alarm_page.selection import ALL_STATUSES, SENSITIVITY_NAMES, Alarm, Selection
from dashboard.filters import url_state
from dashboard.filters.controls import set_value
from dashboard.text import shown

# Streamlit wraps text in rows of more than 64 pixels.
_ROW_HEIGHT, _MOST_ROWS = 66, 9
_LONGEST_TEXT = 160
_KEY = "alarm_list"
_SENSITIVITY_HELP = (
    "How improbable an hour has to be. A higher sensitivity finds more attacks and gives more false alarms."
)


def draw_filters(selected: Selection) -> None:
    """Draw the statuses, each with its number of alarms, and the sensitivity; both are in the URL."""
    numbers = selected.by_status
    offered = [status for status in ALL_STATUSES if numbers[status] or status in selection.chosen_statuses()]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        set_value("alarm_status", selection.chosen_statuses(), tuple(numbers.items()))
        st.pills(
            "Status",
            offered,
            selection_mode="multi",
            format_func=lambda status: f"{status.capitalize()} {numbers[status]:,}",
            key="alarm_status",
            on_change=_choose_statuses,
            help="Without a choice, all but silenced and withdrawn alarms are listed.",
        )
        set_value("alarm_sensitivity", selection.sensitivity())
        st.selectbox(
            "Sensitivity",
            SENSITIVITY_NAMES,
            format_func=str.capitalize,
            key="alarm_sensitivity",
            on_change=lambda: url_state.put(selection.SENSITIVITY, [st.session_state["alarm_sensitivity"]]),
            help=_SENSITIVITY_HELP,
            width=130,
        )


def draw(selected: Selection, where: EventFilter, now: datetime) -> None:
    """Draw a row for each alarm; a click on it opens the alarm."""
    ids = [alarm.record.id for alarm in selected.listed]
    opened = selected.opened.record.id if selected.opened else None
    wanted = {"rows": [ids.index(opened)] if opened in ids else [], "columns": [], "cells": []}
    if _KEY not in st.session_state or st.session_state[_KEY]["selection"] != wanted:
        st.session_state[_KEY] = {"selection": wanted}
    st.dataframe(
        rows(selected.listed, where, now),
        key=_KEY,
        height=_ROW_HEIGHT * min(len(ids), _MOST_ROWS) + 38,
        row_height=_ROW_HEIGHT,
        hide_index=True,
        selection_mode=("single-row", "single-cell"),
        on_select=partial(_open, ids),
        alt="Alarms, the open and worst first",
        column_order=["severity", "alarm", *(["status"] if _differ(selected.listed) else [])],
        column_config={
            "severity": st.column_config.MultiselectColumn(
                "Severity",
                options=[severity.capitalize() for severity in SEVERITIES],
                color=list(words.SEVERITY_COLOURS.values()),
                width=75,
            ),
            # Narrow enough for the window of a phone.
            "alarm": st.column_config.TextColumn("Who, when and what", width=240),
            "status": st.column_config.MultiselectColumn(
                "Status",
                options=[status.capitalize() for status in ALL_STATUSES],
                color=[words.STATUS_COLOURS[status] for status in ALL_STATUSES],
                width=110,
            ),
        },
    )


def rows(listed: Sequence[Alarm], where: EventFilter, now: datetime) -> pd.DataFrame:
    """Columns severity, alarm (whom it is about, when, and what) and status; texts escaped."""
    return pd.DataFrame(
        {
            "severity": [[alarm.record.severity.capitalize()] for alarm in listed],
            "alarm": [_line(alarm.record, where, now) for alarm in listed],
            "status": [[alarm.status.capitalize()] for alarm in listed],
        }
    )


def _line(record: AlarmRecord, where: EventFilter, now: datetime) -> str:
    what = shown(words.brief(record), _LONGEST_TEXT)
    if record.kind == WATCHDOG:  # its sentence names all three
        return what
    return f"{shown(words.who(record), 60)} · {words.when(record, where.zone, now)} · {what}"


def _differ(listed: Sequence[Alarm]) -> bool:
    """Whether the alarms have different statuses; the filter above the list names a single one."""
    return len({alarm.status for alarm in listed}) > 1


def _choose_statuses() -> None:
    url_state.put(selection.STATE, st.session_state["alarm_status"])


def _open(ids: Sequence[str]) -> None:
    chosen = st.session_state[_KEY]["selection"]
    # A click on a cell does not move the selection of the row.
    rows = [row for row, _ in chosen["cells"]] or chosen["rows"]
    if rows:
        url_state.put(selection.ALARM, [ids[rows[0]]])
