"""An alarm explained to a reviewer, in parts and as one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.alarms import Alarm

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
class Explanation:
    """What an alarm says, each part a phrase; names are as logged: escape them before a browser renders them.

    ``counted``: "41 logins 2026-03-14 14:00–15:00 UTC". ``expected``: "expected 3 (limit 9)". ``details``: what
    is known of the events, "38 failed". ``rarity``: "by chance less than once in 100 years". ``caveat``: why
    to trust it less, else empty.
    """

    series: str
    counted: str
    expected: str
    details: tuple[str, ...]
    rarity: str
    caveat: str

    @property
    def text(self) -> str:
        """The parts as one sentence."""
        phrases = (
            f"{self.series}: {self.counted}, {self.expected}",
            *self.details,
            self.rarity,
            self.caveat,
        )
        return "; ".join(phrase for phrase in phrases if phrase)


def explain(
    alarm: Alarm, *, tz: str = "UTC", noun: str = "logins", details: Sequence[str] = ()
) -> Explanation:
    """Explain an alarm, its times in the IANA zone ``tz``; ``noun`` is what it counts, in the plural.

    >>> explain(alarm, tz="Europe/Berlin", details=["38 failed"]).text  # doctest: +SKIP
    'support-7: 41 logins 2026-03-14 14:00–15:00 Europe/Berlin, expected 3 (limit 9); 38 failed; …'
    """
    return Explanation(
        series=alarm.series,
        counted=_counted(alarm, tz, noun),
        expected=f"expected {_number(alarm.expected)} (limit {alarm.upper:,.0f})",
        details=tuple(details),
        rarity=_rarity(alarm),
        caveat="provisional, still learning the baseline" if alarm.provisional else "",
    )


def _counted(alarm: Alarm, tz: str, noun: str) -> str:
    width = pd.Timedelta(alarm.freq)
    zone = "" if alarm.freq == "1D" else f" {tz}"
    total = f"{alarm.total:,} {noun} {_when(alarm.start, alarm.end, tz, alarm.freq)}{zone}"
    if alarm.end - alarm.start <= width:
        return total
    return f"{total}, {alarm.observed:,} of them {_when(alarm.peak, alarm.peak + width, tz, alarm.freq)}"


def _number(expected: float) -> str:
    return f"{expected:,.0f}" if expected >= 1 else "less than 1"


def _when(start: pd.Timestamp, end: pd.Timestamp, tz: str, freq: str) -> str:
    """Hours as 2026-03-14 14:00–15:00, with two dates where they lie on two days; days as dates."""
    first, last = (moment.tz_localize("UTC").tz_convert(tz) for moment in (start, end))
    last_day = (last - pd.Timedelta("1min")).date()
    if freq == "1D":
        return f"on {first.date()}" if first.date() == last_day else f"{first.date()} to {last_day}"
    if first.date() == last_day:
        return f"{first:%Y-%m-%d %H:%M}–{last:%H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M}"


def _rarity(alarm: Alarm) -> str:
    """How long one series is watched, on average, until chance alone gives such a count; one digit, rounded down."""
    hours = pd.Timedelta(alarm.freq) / pd.Timedelta("1h") * 10.0 ** min(alarm.score, 15.0)
    if hours >= MOST_YEARS * HOURS_A_YEAR:
        return "by chance less than once in a million years"
    unit, length = next(period for period in _PERIODS if hours >= period[1])
    times = hours / length
    digit = 10 ** int(np.log10(times))
    rounded = int(times // digit) * digit
    return "by chance less than once " + (f"in {rounded:,} {unit}s" if rounded > 1 else f"a {unit}")
