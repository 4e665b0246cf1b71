"""Hours in which nothing was collected: silence of a whole store that is never silent at that time."""

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IMPROBABLE = float(np.log(1e-6))
"""A run of silent hours is an outage when chance would hardly bring it: once in a million runs."""

LEAST_WEEKS = 2.0


def collected(events: NDArray[np.float64], hours: pd.DatetimeIndex, now: datetime) -> NDArray[np.bool_]:
    """Which hours (naive UTC) count: all but those of a silence too long for their hours of the week.

    `events` are all events of the store in each hour. An hour of the week that has had events in k of n weeks is
    silent with probability 1 − k/(n + 1), the +1 for what was not seen yet (rule of succession, Laplace 1814).
    An hour that is not over at `now` is never an outage.
    """
    silent = (events == 0) & np.asarray(hours + pd.Timedelta("1h") <= pd.Timestamp(now))
    if len(hours) < LEAST_WEEKS * 168:
        return np.ones(len(hours), dtype=bool)
    of_week = np.asarray(hours.day_of_week * 24 + hours.hour)
    weeks = np.bincount(of_week, minlength=168)
    busy = np.bincount(of_week, events > 0, minlength=168)
    log_silent = np.log1p(-busy / (weeks + 1.0))[of_week]
    run = np.cumsum(np.diff(silent, prepend=False))
    chance = np.bincount(run, np.where(silent, log_silent, 0.0))
    counts: NDArray[np.bool_] = ~silent | (chance[run] > IMPROBABLE)
    return counts
