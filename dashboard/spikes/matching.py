"""Which bars of a chart and which rows of the log belong to an alarm."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms import Mark, Told
from alarms.login_alarm import local
from audit_store.filters import EventFilter
from dashboard.spikes import review_data
from dashboard.text import count, shown

WORDS = {"open": "Alarm", "seen": "Seen", "expected": "Expected", "incident": "Incident"}
"""What a row says of its alarm: the reviewer's mark where there is one."""

_MOST = 160


def on_bars(timeline: pd.DataFrame, told: Sequence[Told], made: Sequence[Mark], tz: str) -> pd.DataFrame:
    """Rows bucket, until, total (its events), said: the bars of `series.local_timeline` in which an alarm lies.

    `said` is the worst of them in a few words, through the gate. A bar without events has none to mark.
    """
    bars = timeline.groupby(["bucket", "until"]).agg(total=("events", "sum")).reset_index()
    starts = local(pd.DatetimeIndex([one.alarm.key.start for one in told]), tz)
    # The last moment, not the end: local clocks may have been put back there.
    lasts = local(pd.DatetimeIndex([one.alarm.spike.end - pd.Timedelta("1us") for one in told]), tz)
    inside = (bars[["bucket"]].to_numpy() <= lasts.to_numpy()) & (
        bars[["until"]].to_numpy() > starts.to_numpy()
    )
    kept = np.flatnonzero(inside.any(axis=1) & (bars["total"] > 0).to_numpy())
    said = [_said(list(itertools.compress(told, row)), made) for row in inside[kept]]
    return bars.iloc[kept].assign(said=said)


def of_rows(events: pd.DataFrame, told: Sequence[Told]) -> list[Told | None]:
    """The worst alarm that each row of `events` belongs to: its agent, activity, outcome and time are the alarm's."""
    found: list[Told | None] = [None] * len(events)
    if events.empty:
        return found
    first, last = events["occurred_at"].min(), events["occurred_at"].max()
    for one in told:
        for part in one.alarm.closest:
            if part.key.start <= last and first < part.end:
                for place in np.flatnonzero(_covered(events, part.where)):
                    found[place] = found[place] or one
    return found


def of_event(event: Mapping[str, Any], told: Sequence[Told]) -> Told | None:
    """The worst alarm of one event."""
    return of_rows(pd.DataFrame([event]), told)[0]


def words(found: Sequence[Told | None], made: Sequence[Mark]) -> list[str]:
    """One of WORDS for each row, nothing for a row without an alarm."""
    return ["" if one is None else WORDS[verdict(one, made)] for one in found]


def verdict(one: Told, made: Sequence[Mark]) -> str:
    """What a reviewer said of an alarm, "open" where nobody did."""
    mark = review_data.mark_of(one.alarm, made)
    return mark.verdict if mark is not None else "open"


def _covered(events: pd.DataFrame, where: EventFilter) -> NDArray[np.bool_]:
    start, end = where.period.start, where.period.end
    covered = (events["occurred_at"] >= start) & (events["occurred_at"] < end)
    for name in ("agent", "activity", "outcome"):
        if wanted := getattr(where, name):
            covered &= events[name].isin(wanted)
    return np.asarray(covered)


def _said(inside: Sequence[Told], made: Sequence[Mark]) -> str:
    marked = {"open": ""}.get(word := verdict(inside[0], made), f" · marked {word}")
    more = f" · and {count(len(inside) - 1, 'more alarm')}" if len(inside) > 1 else ""
    return shown(inside[0].sentence, most=_MOST) + marked + more
