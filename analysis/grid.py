"""Buckets of UTC time laid out as the local days and hours that people keep."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.tail import Floats

SLOTS = {"1h": 24, "1D": 1}


@dataclass(frozen=True)
class Grid:
    """The local wall clock of a row of buckets.

    ``slots`` a day; ``weekday`` (0 = Monday) of each local day, from the first bucket's to the last's;
    ``slot``, where each bucket stands on the grid of days × slots laid end to end.
    """

    slots: int
    weekday: NDArray[np.int64]
    slot: NDArray[np.int64]

    def lay(self, counts: Floats) -> Floats:
        """Counts (series, buckets) as (series, days, slots).

        A slot without a bucket is NaN: the hour that spring skips, an outage. Buckets that share
        a slot, as in the doubled hour of autumn, are averaged.
        """
        laid = np.full((len(counts), len(self.weekday) * self.slots), np.nan)
        laid[:, self.slot] = counts
        again = np.flatnonzero(self.slot[1:] == self.slot[:-1]) + 1
        first, second = counts[:, again - 1], counts[:, again]
        both = np.where(np.isnan(first), second, np.where(np.isnan(second), first, (first + second) / 2))
        laid[:, self.slot[again]] = both
        return laid.reshape(len(counts), len(self.weekday), self.slots)

    def read(self, laid: Floats) -> Floats:
        """Back from (series, days, slots) to (series, buckets)."""
        return laid.reshape(laid.shape[0], laid.shape[1] * laid.shape[2])[:, self.slot]


def local_grid(buckets: pd.DatetimeIndex, tz: str, freq: str) -> Grid:
    """The grid of ``buckets`` (naive UTC, ascending) in the IANA zone ``tz``; ``freq`` is "1h" or "1D".

    Raises zoneinfo's own error for a zone that does not exist.
    """
    local = buckets.tz_localize("UTC").tz_convert(tz).tz_localize(None)
    midnight = local.normalize()
    day = np.asarray((midnight - midnight.min()).days, dtype=np.int64)
    hour = np.asarray(local.hour, dtype=np.int64) if freq == "1h" else 0
    days = day.max() + 1 if len(day) else 0
    first_weekday = midnight.min().weekday() if len(day) else 0
    return Grid(SLOTS[freq], (first_weekday + np.arange(days)) % 7, day * SLOTS[freq] + hour)
