"""Quieter notes: worth a line to a reviewer, but no alarm. Times are naive UTC."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.alarms import JOINED, Alarm, alarms
from analysis.budget import Budget
from analysis.counts import fold_days
from analysis.grid import local_grid
from analysis.model import MEMORY_DAYS, WATCHED, Model, fit
from analysis.tail import Floats
from analysis.windows import past_sum

KNOWN_FOR = pd.Timedelta("7D")
ENOUGH_EVENTS = 50
"""With fewer in eight weeks, an hour without any may be chance: 50 spread evenly leave one window of
three hours empty once in 600 times (e^-6.25)."""

SHORTEST_SILENCE = 6
TIMES_LONGEST_SILENCE = 3


@dataclass(frozen=True)
class Note:
    """``kind`` is "unusual hour", "new address", "new activity" or "gone silent"; ``text`` quotes names as
    they were logged: escape it before a browser renders it."""

    kind: str
    series: str
    at: pd.Timestamp
    text: str


def unusual_hours(model: Model, *, tz: str) -> list[Note]:
    """One to four events at an hour that the agent, with its neighbours, left unused for eight weeks.

    Five or more would be for the test of spikes to judge. ``model`` is hourly; ``tz`` the zone it was
    fitted in.
    """
    grid = local_grid(model.buckets, tz, model.freq)
    laid = np.nan_to_num(grid.lay(model.counts))
    flat = laid.reshape(len(laid), laid.shape[1] * laid.shape[2])
    near = flat.copy()
    near[:, 1:] += flat[:, :-1]
    near[:, :-1] += flat[:, 1:]
    used = grid.read(past_sum(near.reshape(laid.shape), MEMORY_DAYS))
    busy = grid.read(past_sum(laid.sum(2, keepdims=True), MEMORY_DAYS).repeat(grid.slots, axis=2))
    few = (model.counts >= 1) & (model.counts <= 4)
    rows, columns = np.nonzero((model.state == WATCHED) & few & (used == 0) & (busy >= ENOUGH_EVENTS))
    starts = model.buckets[columns]
    again = np.zeros(len(rows), dtype=bool)
    again[1:] = (np.diff(rows) == 0) & (np.diff(starts) <= JOINED["1h"])
    return [
        _unusual(model, row, column, tz) for row, column in zip(rows[~again], columns[~again], strict=True)
    ]


def _unusual(model: Model, row: int, column: int, tz: str) -> Note:
    name, at, count = str(model.series[row]), model.buckets[column], int(model.counts[row, column])
    local = at.tz_localize("UTC").tz_convert(tz)
    events = "1 event" if count == 1 else f"{count} events"
    return Note(
        "unusual hour", name, at, f"{name}: {events} after {local:%H:%M}, an hour unused for eight weeks"
    )


def new_addresses(seen: pd.DataFrame, *, since: pd.Timestamp) -> list[Note]:
    """First times from an address, at or after ``since``, of agents known for a week by then.

    ``seen``: ``agent``, ``source_ip``, ``occurred_at`` (naive UTC), either every event or the first of each
    pair; events without an address are passed over.
    """
    return _first_times(seen, "source_ip", "new address", "first time from {}", since)


def new_activities(seen: pd.DataFrame, *, since: pd.Timestamp) -> list[Note]:
    """First times of an activity, as ``new_addresses``; ``activity`` takes the place of ``source_ip``."""
    return _first_times(seen, "activity", "new activity", "first time: {}", since)


def _first_times(seen: pd.DataFrame, column: str, kind: str, words: str, since: pd.Timestamp) -> list[Note]:
    dated = seen.assign(known=seen.groupby("agent")["occurred_at"].transform("min"))
    pairs = dated.dropna(subset=[column]).groupby(["agent", column], as_index=False)
    first = pairs[["occurred_at", "known"]].min()
    old_enough = first["occurred_at"] - first["known"] >= KNOWN_FOR
    recent = first[old_enough & (first["occurred_at"] >= since)].sort_values("occurred_at", kind="stable")
    return [
        Note(kind, str(agent), at, f"{agent}: {words.format(value)}")
        for agent, value, at in recent[["agent", column, "occurred_at"]].itertuples(index=False)
    ]


def gone_silent(counts: pd.DataFrame) -> list[Note]:
    """Agents or sources silent at the end of ``counts``: six hours or more, thrice the longest so far.

    ``counts``: hourly as for ``fit``, up to the last full hour; outages are no silence. A series needs a
    week behind it and 50 events.
    """
    values = counts.to_numpy(dtype=np.float64).T
    notes = (_silence(str(name), row, counts.index) for name, row in zip(counts.columns, values, strict=True))
    return [note for note in notes if note is not None]


def _silence(name: str, row: Floats, buckets: pd.Index) -> Note | None:
    collected = np.isfinite(row)
    busy = np.flatnonzero(row[collected] > 0)
    if not len(busy) or np.nansum(row) < ENOUGH_EVENTS or len(row) - busy[0] < KNOWN_FOR / pd.Timedelta("1h"):
        return None
    silent = int(collected.sum()) - int(busy[-1]) - 1
    longest = int(np.diff(busy).max(initial=1)) - 1
    if silent < max(SHORTEST_SILENCE, TIMES_LONGEST_SILENCE * longest):
        return None
    at = buckets[np.flatnonzero(collected)[busy[-1]]] + pd.Timedelta("1h")
    text = f"{name}: silent for {_span(silent)}, never longer than {_span(max(longest, 1))} before"
    return Note("gone silent", name, at, text)


def _span(hours: int) -> str:
    if hours >= 48:
        return f"{hours // 24} days"
    return "1 hour" if hours == 1 else f"{hours} hours"


def sustained_rises(
    counts: pd.DataFrame, *, tz: str, scope: str = "agent", budget: Budget | None = None
) -> list[Alarm]:
    """The same test on local days, for rises too slow to stand out in an hour.

    ``counts``: hourly as for ``fit``. It needs two weeks of history, and a day is judged when it is over.
    """
    days = fit(fold_days(counts, tz=tz), tz=tz, freq="1D", scope=scope)
    return alarms(days, budget or Budget())
