"""The rows of the list of events, as its component takes them; texts are escaped."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from audit_store.filters import EventFilter
from dashboard import active_catalogue
from dashboard.log.event_list import columns, folding, metadata_values, times
from dashboard.log.search_hits import matched_in
from dashboard.text import shown

_LONGEST_TEXT = 200
_FIELDS = {"address": "source_ip"}


def header(names: Sequence[str], events: pd.DataFrame, where: EventFilter) -> list[dict[str, Any]]:
    """Each column's name, label, help and width in pixels (0: what the others leave)."""
    offset = {
        name: times.short(_moments(events, field), where.zone).offset
        for name, field in _TIMES.items()
        if name in names
    }
    return [
        {
            "name": name if name in _STYLED else "other",
            "label": _HEADINGS.get(name)
            or " ".join(filter(None, (shown(columns.label(name)), offset.get(name)))),
            "help": where.zone.key if name in _TIMES else _HELP.get(name, ""),
            "width": columns.width(name) + (0 if offset.get(name, "+") else _OFFSET_WIDTH),
        }
        for name in names
    ]


def rows(
    events: pd.DataFrame,
    where: EventFilter,
    names: Sequence[str],
    alarms: Sequence[str] = (),
    *,
    fold: str = "",
) -> list[dict[str, Any]]:
    """A row for each event: its id, a cell for each of `names`, its alarm, and how it is folded.

    `alarms` has a word of `matching.WORDS`, or "", for each event. Of rows that are folded by `fold`, one of
    `folding.FOLDS`, the first one stands for all: it has a label and a sentence, and the others follow it.
    """
    cells = [_cells(name, events, where, alarms) for name in names]
    ids = [str(event_id) for event_id in events["event_id"]]
    leads = folding.leads(events, fold, active_catalogue.activities())
    labels = folding.labels(events, leads, fold)
    return [
        {
            "id": ids[row],
            "cells": [texts[row] for texts in cells],
            "alarm": alarms[row] if alarms else "",
            "lead": ids[leads[row]],
            "folded": labels.get(row),
        }
        for row in sorted(range(len(events)), key=leads.__getitem__)
    ]


_TIMES = {"time": "occurred_at", "recorded_at": "recorded_at"}
_OFFSET_WIDTH = 50
_STYLED = {*columns.LABELS, "alarm", "matched"}
_HEADINGS = {"alarm": "Alarm"}
_HELP = {"alarm": "Part of an alarm; the sign says its state."}


def _cells(name: str, events: pd.DataFrame, where: EventFilter, alarms: Sequence[str]) -> Sequence[str]:
    if name in _TIMES:
        return times.short(_moments(events, _TIMES[name]), where.zone).texts
    if name == "alarm":
        return alarms
    if name == "event_id":
        return [str(event_id) for event_id in events["event_id"]]
    if name == "matched":
        dicts = events.to_dict("records")
        return [", ".join(matched_in({str(key): event[key] for key in event}, where.q)) for event in dicts]
    if name.startswith(columns.METADATA):
        return _shown([metadata_values.at(text, name) for text in events["metadata"]])
    return _shown(events[_FIELDS.get(name, name)].tolist())


def _moments(events: pd.DataFrame, field: str) -> list[Any]:
    return [moment.to_pydatetime() for moment in events[field]]


def _shown(texts: Sequence[Any]) -> list[str]:
    return [shown(text, most=_LONGEST_TEXT) if isinstance(text, str) else "" for text in texts]
