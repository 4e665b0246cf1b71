"""The list of events as it is drawn: a click on a row opens its event."""

from collections.abc import Sequence
from functools import partial

import pandas as pd

from audit_store.filters import EventFilter
from dashboard import components
from dashboard.filters import url_state
from dashboard.log.event_list import columns
from dashboard.log.event_list.rows import header, rows

KEY = "log_events"
ROW_HEIGHTS = {"Comfortable": 35, "Compact": 26}
"""Pixels of a row, by the density of the list."""


def draw(
    events: pd.DataFrame,
    where: EventFilter,
    selected: Sequence[str],
    *,
    page: str,
    room_for: int,
    alarms: Sequence[str],
    density: str,
    fold: str,
    brief: bool = False,
) -> None:
    """Draw the events, a row each.

    `selected` are names of `columns.parse`; with `brief`, only those of them that fit beside an open event. `page`
    differs for each page of each filter, so that a new one begins at its top, and `room_for` is the number of rows of
    a full one, so that the list keeps its height on the last one. `alarms` and `fold` are those of `rows`.
    """
    kept = columns.brief(selected) if brief else list(selected)
    names = [
        *(["alarm"] if any(alarms) else []),
        *kept,
        *(["matched"] if where.q and not brief else []),
    ]
    components.draw(
        "event_list",
        {
            "label": "Events of the audit log, the newest first",
            "page": page,
            "columns": header(names, events, where),
            "rows": rows(events, where, names, alarms, fold=fold),
            "selected": url_state.opened_event(),
            "find": where.q,
            "row_height": ROW_HEIGHTS[density],
            "room_for": room_for,
        },
        key=KEY,
        on={"open": partial(_open, KEY)},
    )


def _open(key: str) -> None:
    url_state.open_event(components.value(key, "open"))
