"""Spikes as a reviewer meets them: neighbours joined to one alarm, and a sentence for each."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.budget import Budget
from analysis.model import PROVISIONAL, Model, Places

JOINED = {"1h": pd.Timedelta("3h"), "1D": pd.Timedelta("25h")}
"""Spikes this close make one alarm; a local day may last 25 hours."""

HOURS_A_YEAR = 8766.0
MOST_YEARS = 1_000_000
_PERIODS = (
    ("year", HOURS_A_YEAR),
    ("month", HOURS_A_YEAR / 12),
    ("week", 168.0),
    ("day", 24.0),
    ("hour", 1.0),
)


@dataclass(frozen=True)
class Alarm:
    """Spikes of one series within three hours (in daily counts: on adjoining days) of each other.

    ``start`` and ``end`` (exclusive) are naive UTC, ``total`` all events between them. ``observed``,
    ``expected``, ``upper``, ``p`` and ``score`` (−log10 p, which never underflows) describe the least
    likely bucket, the one at ``peak``. ``provisional``: the series was still learning, and jumped over
    all it had ever done. ``freq`` is the width of a bucket.
    """

    series: str
    start: pd.Timestamp
    end: pd.Timestamp
    total: int
    peak: pd.Timestamp
    observed: int
    expected: float
    upper: float
    p: float
    score: float
    provisional: bool
    freq: str


def alarms(model: Model, budget: Budget, *, n_series: int | None = None) -> list[Alarm]:
    """All alarms of a fitted model, oldest first; series that start together in their order in the model."""
    log_alpha = budget.log_alpha(model.scope, model.freq, n_series or len(model.series))
    rows, columns = np.nonzero(model.spikes(log_alpha))
    if not len(rows):
        return []
    upper = model.upper(log_alpha, (rows, columns))
    starts = model.buckets[columns]
    apart = (np.diff(rows) != 0) | (np.diff(starts) > JOINED[model.freq])
    groups = np.split(np.arange(len(rows)), np.flatnonzero(apart) + 1)
    found = [_alarm(model, (rows[group], columns[group]), upper[group]) for group in groups]
    return sorted(found, key=lambda alarm: alarm.start)


def _alarm(model: Model, places: Places, upper: np.ndarray) -> Alarm:
    rows, columns = places
    worst = int(np.argmin(model.log_p[places]))
    peak = rows[worst], columns[worst]
    log_p = float(model.log_p[peak])
    return Alarm(
        series=str(model.series[rows[0]]),
        start=model.buckets[columns[0]],
        end=model.buckets[columns[-1]] + pd.Timedelta(model.freq),
        total=int(np.nansum(model.counts[rows[0], columns[0] : columns[-1] + 1])),
        peak=model.buckets[columns[worst]],
        observed=int(model.counts[peak]),
        expected=float(model.expected[peak]),
        upper=float(upper[worst]),
        p=float(np.exp(log_p)),
        score=-log_p / float(np.log(10.0)),
        provisional=bool(model.state[peak] == PROVISIONAL),
        freq=model.freq,
    )


def explain(
    alarm: Alarm,
    *,
    tz: str = "UTC",
    noun: str = "logins",
    failed: int | None = None,
    new_addresses: int | None = None,
) -> str:
    """The alarm in one sentence, its times in the IANA zone ``tz``.

    "support-7: 41 logins 14:00–15:00, usual 3 (limit 9); 38 failed; 1 address never seen before; by chance
    less than once in 100 years". ``failed`` and ``new_addresses`` are said when known and not zero. The
    series name is as logged: escape the sentence before a browser renders it.
    """
    usual = f"usual {_usual(alarm.expected)} (limit {alarm.upper:,.0f})"
    parts = [f"{alarm.series}: {_how_many(alarm, tz, noun)}, {usual}"]
    if failed:
        parts.append(f"{failed:,} failed")
    if new_addresses:
        addresses = "address" if new_addresses == 1 else "addresses"
        parts.append(f"{new_addresses:,} {addresses} never seen before")
    parts.append(_how_rare(alarm))
    if alarm.provisional:
        parts.append("provisional, still learning what is usual")
    return "; ".join(parts)


def _how_many(alarm: Alarm, tz: str, noun: str) -> str:
    width = pd.Timedelta(alarm.freq)
    whole = f"{alarm.total:,} {noun} {_when(alarm.start, alarm.end, tz, alarm.freq)}"
    if alarm.end - alarm.start <= width:
        return whole
    return f"{whole}, {alarm.observed:,} of them {_when(alarm.peak, alarm.peak + width, tz, alarm.freq)}"


def _usual(expected: float) -> str:
    return f"{expected:,.0f}" if expected >= 1 else "less than 1"


def _when(start: pd.Timestamp, end: pd.Timestamp, tz: str, freq: str) -> str:
    """Hours as 14:00–15:00, with dates where they lie on more than one day; days as dates."""
    first, last = (moment.tz_localize("UTC").tz_convert(tz) for moment in (start, end))
    last_day = (last - pd.Timedelta("1min")).date()
    if freq == "1D":
        return f"on {first.date()}" if first.date() == last_day else f"{first.date()} to {last_day}"
    if first.date() == last_day:
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def _how_rare(alarm: Alarm) -> str:
    """How long one series is watched, on average, until chance does this; rounded down to one digit."""
    hours = pd.Timedelta(alarm.freq) / pd.Timedelta("1h") * 10.0 ** min(alarm.score, 15.0)
    if hours >= MOST_YEARS * HOURS_A_YEAR:
        return "by chance less than once in a million years"
    unit, length = next(period for period in _PERIODS if hours >= period[1])
    times = hours / length
    digit = 10 ** int(np.log10(times))
    rounded = int(times // digit) * digit
    return "by chance less than once " + (f"in {rounded:,} {unit}s" if rounded > 1 else f"a {unit}")
