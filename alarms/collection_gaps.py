"""Hours in which nothing was collected: the whole store is silent at a time when it never is."""

from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LOG_IMPROBABLE = float(np.log(1e-6))
"""A run of silent hours is a gap when chance alone gives one in a million runs like it."""

LEAST_HOURS = 2 * 168


def is_collected(events: NDArray[np.float64], hours: pd.DatetimeIndex, now: datetime) -> NDArray[np.bool_]:
    """Which hours (naive UTC) were collected: all but runs of silent hours too long for their hours of the week.

    `events` are all events of the store in each hour. An hour of the week that had events in k of the n weeks before
    is silent with probability 1 − k/(n + 1); the +1 stands for what was not observed yet (rule of succession, Laplace
    1814). An hour that is not over at `now` is never a gap, and neither is any in the first two weeks. Hours after the
    run of silence in which an hour lies say nothing of it.
    """
    is_silent = (events == 0) & np.asarray(hours + pd.Timedelta("1h") <= pd.Timestamp(now))
    is_silent[:LEAST_HOURS] = False
    weekly = pd.Series(events > 0).groupby(np.asarray(hours.day_of_week * 24 + hours.hour))
    weeks_before = weekly.cumcount().to_numpy()
    busy_before = weekly.cumsum().to_numpy() - (events > 0)
    log_p_silent = np.log1p(-busy_before / (weeks_before + 1.0))
    run = np.cumsum(np.diff(is_silent, prepend=False))
    log_p_run = np.bincount(run, np.where(is_silent, log_p_silent, 0.0))
    collected: NDArray[np.bool_] = ~is_silent | (log_p_run[run] > LOG_IMPROBABLE)
    return collected
