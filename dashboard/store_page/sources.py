"""The sources of the last 30 days: when each reported, how much, its pauses, and how far its clock is off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from audit_store.filters import EventFilter
from audit_store.quantities import roughly
from audit_store.ranges import Period
from dashboard import data, faults
from dashboard.text import shown
from dashboard.times import age

DAYS = 30
STEP = timedelta(minutes=15)
"""How exactly times are known: events are counted by the quarter of an hour."""
NEWEST = 2000
"""From how many of the newest events the delay is taken."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC


@dataclass(frozen=True, slots=True)
class Recent:
    """The events of the last DAYS days: by day, the oldest first, and a row a source as `of_sources` gives."""

    by_day: list[int]
    sources: pd.DataFrame


def read(now: datetime) -> Recent:
    """The events until `now` (naive UTC). Raises as `data.surroundings`."""
    period = Period(now - timedelta(days=DAYS), now)
    counts, newest = data.frames(
        data.store().login_queries.heartbeat(EventFilter(period=_whole(period)), STEP),
        data.newest(EventFilter(), NEWEST, ("source", "occurred_at", "recorded_at")),
    )
    times = _EPOCH + counts["bucket"] * STEP
    silent_since = {source: record.starts_at for source, record in faults.silent_sources().items()}
    days = ((now - times) // timedelta(days=1)).clip(0, DAYS - 1)
    by_day = np.bincount(DAYS - 1 - days.to_numpy(int), weights=counts["events"], minlength=DAYS)
    return Recent(
        by_day.astype(int).tolist(),
        of_sources(counts.assign(time=times), newest, silent_since, now),
    )


def of_sources(
    counts: pd.DataFrame, newest: pd.DataFrame, silent_since: Mapping[str, datetime], now: datetime
) -> pd.DataFrame:
    """Rows source, last, per_day, pause, silent (timedelta or NaT), delay, the source that is silent longest first.

    `counts` has rows source, time (naive UTC, the start of STEP), events; `newest` are some newest events with source,
    occurred_at and recorded_at; `silent_since` names the silent sources.
    """
    ordered = counts.sort_values("time")
    pauses = ordered.assign(pause=ordered.groupby("source")["time"].diff()).groupby("source")
    rows = pauses.agg(
        first=("time", "min"), last=("time", "max"), pause=("pause", "max"), events=("events", "sum")
    )
    # pandas-stubs type the difference of a time and a column as a column of times.
    known_for: Any = now - rows["first"]
    silent = pd.Series(
        {source: now - since for source, since in silent_since.items()}, dtype="timedelta64[us]"
    )
    days = np.maximum(known_for / timedelta(days=1), 1)
    last_known = (
        newest[newest["occurred_at"] <= now].groupby("source")["occurred_at"].max().reindex(rows.index)
    )
    table = rows.assign(
        last=rows["last"].mask(last_known > rows["last"], last_known),
        per_day=rows["events"] / days,
        silent=silent.reindex(rows.index),
        delay=delay_by_source(newest).reindex(rows.index),
    ).sort_values(["silent", "last"], ascending=[False, False], na_position="last")
    return table.reset_index()[["source", "last", "per_day", "pause", "silent", "delay"]]


def delay_by_source(newest: pd.DataFrame) -> pd.Series:
    """The median time by source from when events happened until they were recorded; negative: its clock is ahead."""
    delays: pd.Series = (newest["recorded_at"] - newest["occurred_at"]).groupby(newest["source"]).median()
    return delays


def table(sources: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """The result of `of_sources` in words, escaped for the screen."""
    return pd.DataFrame(
        {
            "Source": [shown(name) or "no source" for name in sources["source"]],
            "Last seen": [age(last.to_pydatetime(), now) for last in sources["last"]],
            "Events a day": [
                f"{number:,.0f}" if number >= 10 else f"{number:.1f}" for number in sources["per_day"]
            ],
            "Longest pause": [_length(pause) for pause in sources["pause"]],
            "Silent for": [_length(silent) for silent in sources["silent"]],
            "Recorded after": [_delay(delay) for delay in sources["delay"]],
        }
    )


def _length(length: Any) -> str:
    return "–" if pd.isna(length) else roughly(length.to_pytimedelta())


def _delay(delay: Any) -> str:
    if pd.isna(delay):
        return "–"
    if delay < timedelta(seconds=-1):
        return f"clock ahead by {roughly(-delay.to_pytimedelta())}"
    return "at once" if delay < timedelta(seconds=1) else roughly(delay.to_pytimedelta())


def _whole(period: Period) -> Period:
    """The period from a whole quarter of an hour on, which roll-ups answer."""
    start = period.start
    return Period(start and _EPOCH + (start - _EPOCH) // STEP * STEP, period.end)
