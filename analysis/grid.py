"""Buckets of UTC time arranged as local days and hours."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.counts import local_times
from analysis.tail import Floats

SLOTS = {"1h": 24, "1D": 1}
"""Slots of a local day for each width of a bucket."""


@dataclass(frozen=True)
class Grid:
    """The local wall clock of a row of buckets.

    ``slots`` a day; ``weekday`` (0 = Monday) of each local day, from the first bucket's to the last's;
    ``slot``, the position of each bucket in the days × slots of the grid, flattened.
    """

    slots: int
    weekday: NDArray[np.int64]
    slot: NDArray[np.int64]

    def from_buckets(self, counts: Floats) -> Floats:
        """Counts (series, buckets) as (series, days, slots).

        A slot without a bucket is NaN: the hour that spring skips, an outage. Buckets that share
        a slot, as in the doubled hour of autumn, are averaged.
        """
        days = np.full((len(counts), len(self.weekday) * self.slots), np.nan)
        days[:, self.slot] = counts
        second = np.flatnonzero(self.slot[1:] == self.slot[:-1]) + 1
        first_counts, second_counts = counts[:, second - 1], counts[:, second]
        mean = (first_counts + second_counts) / 2
        known = np.where(np.isnan(second_counts), first_counts, mean)
        days[:, self.slot[second]] = np.where(np.isnan(first_counts), second_counts, known)
        return days.reshape(len(counts), len(self.weekday), self.slots)

    def to_buckets(self, values: Floats) -> Floats:
        """Values (series, days, slots) as (series, buckets)."""
        return values.reshape(values.shape[0], values.shape[1] * values.shape[2])[:, self.slot]


def local_grid(buckets: pd.DatetimeIndex, tz: str, freq: str) -> Grid:
    """The grid of ``buckets`` (naive UTC, ascending) in the IANA zone ``tz``; ``freq`` is "1h" or "1D".

    Raises zoneinfo's own error for a zone that does not exist.
    """
    local = local_times(buckets, tz)
    midnight = local.normalize()
    day = np.asarray((midnight - midnight.min()).days, dtype=np.int64)
    hour = np.asarray(local.hour, dtype=np.int64) if freq == "1h" else 0
    days = day.max() + 1 if len(day) else 0
    first_weekday = midnight.min().weekday() if len(day) else 0
    return Grid(SLOTS[freq], (first_weekday + np.arange(days)) % 7, day * SLOTS[freq] + hour)
