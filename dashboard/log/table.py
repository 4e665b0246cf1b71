"""The table of events."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from audit_store.engines.protocol import LISTED
from audit_store.filters import EventFilter
from dashboard.filters import url_state
from dashboard.log.search_hits import matched_in
from dashboard.spikes.matching import WORDS
from dashboard.text import shown
from dashboard.times import local

READ = (*LISTED, "recorded_at", "target", "source")
"""The columns of `events` that the table needs."""

COLUMNS = {
    "time": "Time",
    "agent": "Agent",
    "activity": "Activity",
    "outcome": "Outcome",
    "description": "Description",
    "address": "Address",
    "target": "Target",
    "source": "Source",
    "event_id": "Event id",
    "recorded_at": "Recorded at",
}
DEFAULT = ("time", "agent", "activity", "outcome", "description", "address")
_WIDTHS = {
    "time": 225,
    "agent": 170,
    "activity": 165,
    "outcome": 85,
    "description": 300,
    "address": 110,
    "target": 170,
    "event_id": 290,
    "recorded_at": 225,
}
_BRIEF = {"time": 140, "agent": 150, "activity": 120, "outcome": 75}
_TO_THE_SECOND = len("2026-03-14 09:26:53")
_ROW_HEIGHT = 35
_MOST_ROWS = 17
_LONGEST_TEXT = 200
_CLICKED = "log_clicked"
_MODES: tuple[Literal["single-row", "single-cell"], ...] = ("single-row", "single-cell")


def choose() -> list[str]:
    """Draw a menu of the columns; returns the selected ones in the order of COLUMNS, DEFAULT if there is none."""
    with st.popover("Columns", icon=":material/view_column:"):
        chosen = st.pills(
            "Columns of the table",
            list(COLUMNS),
            selection_mode="multi",
            default=DEFAULT,
            format_func=COLUMNS.__getitem__,
            key="log_columns",
            persist_state="session",
        )
    return [name for name in COLUMNS if name in (chosen or DEFAULT)]


def rows(
    events: pd.DataFrame, where: EventFilter, alarms: Sequence[str] = (), *, brief: bool = False
) -> pd.DataFrame:
    """The table's row for each event: times in the zone of `where`, texts escaped.

    `alarms` has a word of `matching.WORDS`, or "", for each event. With `brief`, times are cut to the second.
    """
    table = pd.DataFrame(
        {
            "time": [
                text[:_TO_THE_SECOND] if brief else text
                for text in _moments(events["occurred_at"], where.zone)
            ],
            "agent": _shown(events["agent"]),
            "activity": _shown(events["activity"]),
            "outcome": [[outcome] if isinstance(outcome, str) else [] for outcome in events["outcome"]],
            "description": _shown(events["description"]),
            "address": _shown(events["source_ip"]),
            "target": _shown(events["target"]),
            "source": _shown(events["source"]),
            "event_id": [str(event_id) for event_id in events["event_id"]],
            "recorded_at": _moments(events["recorded_at"], where.zone),
        }
    )
    if any(alarms):
        table["alarm"] = [[word] if word else [] for word in alarms]
    if where.q:
        table["matched"] = [
            ", ".join(matched_in(dict(zip(events.columns, event, strict=True)), where.q))
            for event in events.itertuples(index=False)
        ]
    return table


def _moments(column: "pd.Series[Any]", zone: ZoneInfo) -> list[str]:
    """All with microseconds if one of them has any, so that the digits align."""
    moments = [moment.to_pydatetime() for moment in column]
    exact = any(moment.microsecond for moment in moments)
    return [local(moment, zone, exact=exact) for moment in moments]


def _shown(texts: Iterable[Any]) -> list[str]:
    return [shown(text, most=_LONGEST_TEXT) if isinstance(text, str) else "" for text in texts]


def table(
    events: pd.DataFrame,
    where: EventFilter,
    columns: Sequence[str],
    *,
    key: str,
    room_for: int,
    alarms: Sequence[str],
    brief: bool = False,
) -> None:
    """Draw the events as a table; a click anywhere in a row opens its event.

    `room_for` is the number of rows of a full page, so that the table keeps its height on the last one.
    `alarms` is that of `rows`; the column is left out if all are empty. With `brief`, the first columns are narrow
    enough to fit beside the details of an event.
    """
    ids = [str(event_id) for event_id in events["event_id"]]
    opened = url_state.opened_event()
    wanted = {"rows": [ids.index(opened)] if opened in ids else [], "columns": [], "cells": []}
    if key not in st.session_state or st.session_state[key]["selection"] != wanted:
        st.session_state[key] = {"selection": wanted}
    st.dataframe(
        rows(events, where, alarms, brief=brief),
        key=key,
        height=_ROW_HEIGHT * (min(room_for, _MOST_ROWS) + 1) + 3,
        row_height=_ROW_HEIGHT,
        hide_index=True,
        selection_mode=_MODES,
        on_select=partial(_open, key, ids),
        alt="Events of the audit log, the newest first",
        column_order=[
            *columns[:1],
            *(["alarm"] if any(alarms) else []),
            *columns[1:],
            *(["matched"] if where.q else []),
        ],
        column_config=_config(where.zone, _WIDTHS | (_BRIEF if brief else {})),
    )


def _config(zone: ZoneInfo, widths: Mapping[str, int]) -> dict[str, Any]:
    labels = COLUMNS | {"time": f"Time ({zone.key})", "recorded_at": f"Recorded at ({zone.key})"}
    plain = {
        name: st.column_config.TextColumn(label, width=widths.get(name, 150))
        for name, label in labels.items()
    }
    return plain | {
        "outcome": st.column_config.MultiselectColumn(
            "Outcome", options=["success", "failure"], color=["green", "red"], width=widths["outcome"]
        ),
        "alarm": st.column_config.MultiselectColumn(
            "Alarm",
            help="The event is part of a login alarm; the word is the mark of a reviewer.",
            options=[*WORDS.values()],
            color=["orange", "gray", "green", "red"],
            width=95,
        ),
        "matched": st.column_config.TextColumn("Matched in", width=150),
    }


def open_clicked() -> None:
    """Open the event of a click that the browser sent with a fragment's run, if it has sent it again since."""
    clicked = st.session_state.pop(_CLICKED, None)
    if clicked is not None and not url_state.in_fragment():
        key, selection, ids = clicked
        if key in st.session_state and st.session_state[key]["selection"] == selection:
            _open(key, ids)


def _open(key: str, ids: Sequence[str]) -> None:
    chosen = st.session_state[key]["selection"]
    if url_state.in_fragment():
        st.session_state[_CLICKED] = key, chosen, ids
    # A click on a cell does not move the selection of the row.
    rows = [row for row, _ in chosen["cells"]] or chosen["rows"]
    url_state.open_event(ids[rows[0]] if rows else None)
