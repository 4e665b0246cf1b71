"""How much history a series needs, and how large a spike must be besides being improbable."""

from dataclasses import dataclass
from typing import Final

from analysis.grid import SLOTS


@dataclass(frozen=True)
class Rules:
    """``learning_days``: observed days before a series is watched. ``provisional_days``: observed days before
    a count far above all earlier ones is reported all the same. ``times_mean`` and ``times_precedent``: a
    spike is at least so many times the mean, and the second-highest day at that hour of the last 28."""

    learning_days: int
    provisional_days: int
    times_mean: float
    times_precedent: float


LEARNING_DAYS = 7
"""Observed days before hourly counts are watched."""

RULES: Final = {
    ("agent", "1h"): Rules(LEARNING_DAYS, 2, 1.5, 1.5),
    ("overall", "1h"): Rules(LEARNING_DAYS, 2, 1.2, 1.05),
    ("agent", "1D"): Rules(14, 14, 1.5, 1.1),
    ("overall", "1D"): Rules(14, 14, 1.2, 1.0),
}

SMALLEST_SPIKE = 5
"""No lower count is a spike."""

PROVISIONAL_SMALLEST = 20.0
PROVISIONAL_TIMES_HIGHEST = 3.0
PROVISIONAL_RIGOUR = 1000.0
"""While provisional, a spike is at least 20, three times the highest count so far, and a thousand times
less likely than one of a watched series: two false alarms in 1,080 clean first weeks."""


def rules_for(scope: str, freq: str) -> Rules:
    """The rules of a ``scope`` ("agent", "overall") and ``freq`` ("1h", "1D"); ValueError for others."""
    if freq not in SLOTS:
        raise ValueError(f"freq is {freq!r}: give one of {', '.join(map(repr, SLOTS))}")
    if (scope, freq) not in RULES:
        raise ValueError(f"scope is {scope!r}: give 'agent' or 'overall'")
    return RULES[scope, freq]
