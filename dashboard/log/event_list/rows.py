"""The rows of the list of events, as its component takes them; texts are escaped."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from audit_store.filters import EventFilter
from dashboard.log.event_list import columns, metadata_values, repeats, times
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
    fold: bool = False,
) -> list[dict[str, Any]]:
    """A row for each event: its id, a cell for each of `names`, its alarm, and how many rows below repeat it.

    `alarms` has a word of `matching.WORDS`, or "", for each event. `fold` hides rows that repeat the one above.
    """
    cells = [_cells(name, events, where, alarms) for name in names]
    repeated = repeats.repeats_last(events) if fold else [False] * len(events)
    return [
        {
            "id": str(event_id),
            "cells": list(texts),
            "alarm": alarm,
            "repeats": count,
            "repeats_last": repeats_last,
        }
        for event_id, texts, alarm, count, repeats_last in zip(
            events["event_id"],
            zip(*cells, strict=True),
            alarms or [""] * len(events),
            repeats.counts(repeated),
            repeated,
            strict=True,
        )
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
