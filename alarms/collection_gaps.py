"""Hours in which nothing was collected: the whole store is silent at a time when it never is."""

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LOG_IMPROBABLE = float(np.log(1e-6))
"""A run of silent hours is a gap when chance alone gives one in a million runs like it."""

LEAST_WEEKS = 2.0


def is_collected(events: NDArray[np.float64], hours: pd.DatetimeIndex, now: datetime) -> NDArray[np.bool_]:
    """Which hours (naive UTC) were collected: all but runs of silent hours too long for their hours of the week.

    `events` are all events of the store in each hour. An hour of the week that has had events in k of n weeks is
    silent with probability 1 − k/(n + 1); the +1 stands for what was not observed yet (rule of succession, Laplace
    1814). An hour that is not over at `now` is never a gap, and neither is any in the first two weeks of a store.
    """
    if len(hours) < LEAST_WEEKS * 168:
        return np.ones(len(hours), dtype=bool)
    is_silent = (events == 0) & np.asarray(hours + pd.Timedelta("1h") <= pd.Timestamp(now))
    hour_of_week = np.asarray(hours.day_of_week * 24 + hours.hour)
    weeks = np.bincount(hour_of_week, minlength=168)
    busy_weeks = np.bincount(hour_of_week, events > 0, minlength=168)
    log_p_silent = np.log1p(-busy_weeks / (weeks + 1.0))[hour_of_week]
    run = np.cumsum(np.diff(is_silent, prepend=False))
    log_p_run = np.bincount(run, np.where(is_silent, log_p_silent, 0.0))
    collected: NDArray[np.bool_] = ~is_silent | (log_p_run[run] > LOG_IMPROBABLE)
    return collected
