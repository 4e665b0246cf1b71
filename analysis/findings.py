"""Low-priority findings: worth a line to a reviewer, but no alarm. Times are naive UTC."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.alarms import MAX_GAP, Alarm, find_alarms
from analysis.budget import Budget
from analysis.counts import daily_counts
from analysis.grid import local_grid
from analysis.model import MEMORY_DAYS, WATCHED, Model
from analysis.rules import SMALLEST_SPIKE
from analysis.tail import Floats
from analysis.unfed import fit_unfed
from analysis.windows import past_sum

KNOWN_FOR = pd.Timedelta("7D")
"""How long an agent was known before its first times are findings."""

ENOUGH_EVENTS = 50
"""With fewer in eight weeks, an hour without any may be chance: 50 spread evenly leave one window of
three hours empty once in 600 times (e^-6.25)."""

SHORTEST_SILENCE = 6
TIMES_LONGEST_SILENCE = 3


@dataclass(frozen=True)
class Finding:
    """``kind`` is "unusual hour", "new address", "new activity" or "gone silent"; ``text`` quotes names as
    they were logged: escape it before a browser renders it."""

    kind: str
    series: str
    at: pd.Timestamp
    text: str


def unusual_hours(model: Model, *, tz: str) -> list[Finding]:
    """One to four events at an hour that the agent, with its neighbours, left unused for eight weeks.

    More are for the test of spikes to judge. ``model`` is hourly; ``tz`` the zone it was fitted in.
    """
    grid = local_grid(model.buckets, tz, model.freq)
    counts = np.nan_to_num(grid.from_buckets(model.counts))
    flat = counts.reshape(len(counts), counts.shape[1] * counts.shape[2])
    nearby = flat.copy()
    nearby[:, 1:] += flat[:, :-1]
    nearby[:, :-1] += flat[:, 1:]
    at_this_hour = grid.to_buckets(past_sum(nearby.reshape(counts.shape), MEMORY_DAYS))
    total = past_sum(counts.sum(2, keepdims=True), MEMORY_DAYS).repeat(grid.slots, axis=2)
    is_few = (model.counts >= 1) & (model.counts < SMALLEST_SPIKE)
    is_busy = grid.to_buckets(total) >= ENOUGH_EVENTS
    rows, columns = np.nonzero((model.state == WATCHED) & is_few & (at_this_hour == 0) & is_busy)
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (np.diff(rows) != 0) | (np.diff(model.buckets[columns]) > MAX_GAP["1h"])
    cells = zip(rows[is_first], columns[is_first], strict=True)
    return [_unusual_hour(model, row, column, tz) for row, column in cells]


def _unusual_hour(model: Model, row: int, column: int, tz: str) -> Finding:
    name, at, count = str(model.series[row]), model.buckets[column], int(model.counts[row, column])
    local = at.tz_localize("UTC").tz_convert(tz)
    events = "1 event" if count == 1 else f"{count} events"
    text = f"{name}: {events} after {local:%H:%M}, an hour unused for eight weeks"
    return Finding("unusual hour", name, at, text)


def new_addresses(events: pd.DataFrame, *, since: pd.Timestamp) -> list[Finding]:
    """First times from an address, at or after ``since``, of agents known for a week by then.

    ``events``: ``agent``, ``source_ip``, ``occurred_at`` (naive UTC), either every event or the first of each
    pair; events without an address are passed over.
    """
    return _first_times(events, "source_ip", "new address", "first time from {}", since)


def new_activities(events: pd.DataFrame, *, since: pd.Timestamp) -> list[Finding]:
    """First times of an activity, as ``new_addresses``; ``activity`` takes the place of ``source_ip``."""
    return _first_times(events, "activity", "new activity", "first time: {}", since)


def _first_times(
    events: pd.DataFrame, column: str, kind: str, words: str, since: pd.Timestamp
) -> list[Finding]:
    dated = events.assign(known_since=events.groupby("agent")["occurred_at"].transform("min"))
    pairs = dated.dropna(subset=[column]).groupby(["agent", column], as_index=False)
    first = pairs[["occurred_at", "known_since"]].min()
    is_known = first["occurred_at"] - first["known_since"] >= KNOWN_FOR
    recent = first[is_known & (first["occurred_at"] >= since)].sort_values("occurred_at", kind="stable")
    return [
        Finding(kind, str(agent), at, f"{agent}: {words.format(value)}")
        for agent, value, at in recent[["agent", column, "occurred_at"]].itertuples(index=False)
    ]


def gone_silent(counts: pd.DataFrame) -> list[Finding]:
    """Agents or sources silent at the end of ``counts``: six hours or more, three times the longest so far.

    ``counts``: hourly as for ``fit``, up to the last full hour; outages are no silence. A series needs a
    week of history and 50 events.
    """
    values = counts.to_numpy(dtype=np.float64).T
    findings = (
        _silence(str(name), row, counts.index) for name, row in zip(counts.columns, values, strict=True)
    )
    return [finding for finding in findings if finding is not None]


def _silence(name: str, row: Floats, buckets: pd.Index) -> Finding | None:
    is_collected = np.isfinite(row)
    busy = np.flatnonzero(row[is_collected] > 0)
    if not len(busy) or np.nansum(row) < ENOUGH_EVENTS or len(row) - busy[0] < KNOWN_FOR / pd.Timedelta("1h"):
        return None
    silent = int(is_collected.sum()) - int(busy[-1]) - 1
    longest = int(np.diff(busy).max(initial=1)) - 1
    if silent < max(SHORTEST_SILENCE, TIMES_LONGEST_SILENCE * longest):
        return None
    at = buckets[np.flatnonzero(is_collected)[busy[-1]]] + pd.Timedelta("1h")
    text = f"{name}: no events for {_length(silent)}, the longest gap before was {_length(max(longest, 1))}"
    return Finding("gone silent", name, at, text)


def _length(hours: int) -> str:
    if hours >= 48:
        return f"{hours // 24} days"
    return "1 hour" if hours == 1 else f"{hours} hours"


def sustained_rises(
    counts: pd.DataFrame, *, tz: str, scope: str = "agent", budget: Budget | None = None
) -> list[Alarm]:
    """The same test on local days, for rises too slow to stand out in an hour.

    ``counts``: hourly as for ``fit``. It needs two weeks of history, and a day is judged when it is over.
    """
    budget, n_series = budget or Budget(), counts.shape[1]
    days = daily_counts(counts, tz=tz)
    model = fit_unfed(days, tz=tz, freq="1D", scope=scope, budget=budget, n_series=n_series)
    return find_alarms(model, budget, n_series=n_series)
