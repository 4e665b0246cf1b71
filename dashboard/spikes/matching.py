"""The bars of a chart and the rows of the log that belong to an alarm."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import alarms
from alarms import AlarmSummary, Mark
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from dashboard.text import shown

WORDS = {alarms.OPEN: "Alarm", "acknowledged": "Acknowledged", "expected": "Expected", "incident": "Incident"}
"""The word for an alarm beside an event, by the verdict of its mark."""

_LONGEST_SENTENCE = 160


def on_bars(
    timeline: pd.DataFrame, listed: Sequence[AlarmSummary], marks: Sequence[Mark], tz: str
) -> pd.DataFrame:
    """Rows bucket, until, total (events), summary: the bars of `local_buckets.local_timeline` that overlap an alarm.

    `summary` describes the first of these alarms, escaped. Bars without events are left out.
    """
    bars = timeline.groupby(["bucket", "until"]).agg(total=("events", "sum")).reset_index()
    starts = alarms.local_times(pd.DatetimeIndex([summary.alarm.key.start for summary in listed]), tz)
    # The last moment, not the end, which is an earlier local time where the clocks are set back at it.
    lasts = alarms.local_times(
        pd.DatetimeIndex([summary.alarm.spike.end - pd.Timedelta("1us") for summary in listed]), tz
    )
    overlap = (bars[["bucket"]].to_numpy() <= lasts.to_numpy()) & (
        bars[["until"]].to_numpy() > starts.to_numpy()
    )
    kept = np.flatnonzero(overlap.any(axis=1) & (bars["total"] > 0).to_numpy())
    summaries = [_summary(list(itertools.compress(listed, row)), marks) for row in overlap[kept]]
    return bars.iloc[kept].assign(summary=summaries)


def of_rows(events: pd.DataFrame, listed: Sequence[AlarmSummary]) -> list[AlarmSummary | None]:
    """The first alarm of `listed` for each row of `events` that matches its agent, activity, outcome and time."""
    matches: list[AlarmSummary | None] = [None] * len(events)
    if events.empty:
        return matches
    first, last = events["occurred_at"].min(), events["occurred_at"].max()
    for summary in listed:
        for part in summary.alarm.closest:
            if part.key.start <= last and first < part.end:
                for row in np.flatnonzero(_matching(events, part.where)):
                    matches[row] = matches[row] or summary
    return matches


def of_event(event: Mapping[str, Any], listed: Sequence[AlarmSummary]) -> AlarmSummary | None:
    """The first alarm of `listed` that one event belongs to."""
    return of_rows(pd.DataFrame([event]), listed)[0]


def words(matches: Sequence[AlarmSummary | None], marks: Sequence[Mark]) -> list[str]:
    """One of WORDS for each row, "" for a row without an alarm."""
    return ["" if summary is None else WORDS[verdict(summary, marks)] for summary in matches]


def verdict(summary: AlarmSummary, marks: Sequence[Mark]) -> str:
    """The verdict of the newest mark on an alarm, `alarms.OPEN` without one."""
    return alarms.verdict_of(alarms.mark_of(summary.alarm, marks))


def _matching(events: pd.DataFrame, where: EventFilter) -> NDArray[np.bool_]:
    start, end = where.period.start, where.period.end
    matching = (events["occurred_at"] >= start) & (events["occurred_at"] < end)
    for name in ("agent", "activity", "outcome"):
        if values := getattr(where, name):
            matching &= events[name].isin(values)
    return np.asarray(matching)


def _summary(overlapping: Sequence[AlarmSummary], marks: Sequence[Mark]) -> str:
    first, *others = overlapping
    word = verdict(first, marks)
    marked = "" if word == alarms.OPEN else f" · marked {WORDS[word].lower()}"
    more = f" · and {counted(len(others), 'more alarm')}" if others else ""
    return shown(first.sentence, most=_LONGEST_SENTENCE) + marked + more
