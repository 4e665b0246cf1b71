"""The bars of a chart and the rows of the log that belong to an alarm."""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import alarms
from alarms.records.identity import SeriesSpan
from alarms.records.record import AlarmRecord
from alarms.triage.states import OPEN, Triage
from audit_store.quantities import counted
from dashboard.text import shown

WORDS = {
    OPEN: "Alarm",
    "acknowledged": "Acknowledged",
    "expected": "Expected",
    "incident": "Incident",
    "closed": "Closed",
}
"""The word for an alarm beside an event, by its state."""

_LONGEST_SENTENCE = 160


def on_bars(timeline: pd.DataFrame, listed: Sequence[AlarmRecord], triage: Triage, tz: str) -> pd.DataFrame:
    """Rows bucket, until, total (events), summary: the bars of `local_buckets.local_timeline` that overlap an alarm.

    `summary` describes the first of these alarms, escaped. Bars without events are left out.
    """
    bars = timeline.groupby(["bucket", "until"]).agg(total=("events", "sum")).reset_index()
    starts = alarms.local_times(_times([record.starts_at for record in listed]), tz)
    # The last moment, not the end, which is an earlier local time where the clocks are set back at it.
    lasts = alarms.local_times(_times([record.ends_at for record in listed]) - pd.Timedelta("1us"), tz)
    overlap = (bars[["bucket"]].to_numpy() <= lasts.to_numpy()) & (
        bars[["until"]].to_numpy() > starts.to_numpy()
    )
    kept = np.flatnonzero(overlap.any(axis=1) & (bars["total"] > 0).to_numpy())
    summaries = [_summary(list(itertools.compress(listed, row)), triage) for row in overlap[kept]]
    return bars.iloc[kept].assign(summary=summaries)


def of_rows(events: pd.DataFrame, listed: Sequence[AlarmRecord]) -> list[AlarmRecord | None]:
    """The first alarm of `listed` for each row of `events` that matches its agent, activity, outcome and time."""
    matches: list[AlarmRecord | None] = [None] * len(events)
    if events.empty:
        return matches
    first, last = events["occurred_at"].min(), events["occurred_at"].max()
    for record in listed:
        for span in _closest(record):
            if span.key.start <= last and first < span.end:
                for row in np.flatnonzero(_matching(events, record, span)):
                    matches[row] = matches[row] or record
    return matches


def of_event(event: Mapping[str, Any], listed: Sequence[AlarmRecord]) -> AlarmRecord | None:
    """The first alarm of `listed` that one event belongs to."""
    return of_rows(pd.DataFrame([event]), listed)[0]


def words(matches: Sequence[AlarmRecord | None], triage: Triage) -> list[str]:
    """One of WORDS for each row, "" for a row without an alarm."""
    return ["" if record is None else WORDS[triage.of(record).state] for record in matches]


def _times(moments: list[datetime]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(moments).as_unit("us")


def _closest(record: AlarmRecord) -> Sequence[SeriesSpan]:
    """The series that say whose logins an alarm is about: those of single agents, all where it has none."""
    return [span for span in record.spans if span.key.agent] or record.spans


def _matching(events: pd.DataFrame, record: AlarmRecord, span: SeriesSpan) -> NDArray[np.bool_]:
    matching = (events["occurred_at"] >= span.key.start) & (events["occurred_at"] < span.end)
    values = {
        "agent": [span.key.agent] if span.key.agent else [],
        "activity": record.where.get("activity", []),
        "outcome": record.where.get("outcome", []) if span.key.kind == "failed" else [],
    }
    for name, names in values.items():
        if names:
            matching &= events[name].isin(names)
    return np.asarray(matching)


def _summary(overlapping: Sequence[AlarmRecord], triage: Triage) -> str:
    first, *others = overlapping
    state = triage.of(first).state
    marked = "" if state == OPEN else f" · {WORDS[state].lower()}"
    more = f" · and {counted(len(others), 'more alarm')}" if others else ""
    return shown(first.sentence, most=_LONGEST_SENTENCE) + marked + more
