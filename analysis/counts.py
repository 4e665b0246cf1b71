"""Counts of events in the shape that is analysed: a row a bucket, a column a series, NaN for outages."""

import numpy as np
import pandas as pd

LEAST_HOURS_A_DAY = 18


def local_times(moments: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    """Naive UTC as naive local times of the IANA zone ``tz``."""
    return moments.tz_localize("UTC").tz_convert(tz).tz_localize(None)


def daily_counts(counts: pd.DataFrame, *, tz: str) -> pd.DataFrame:
    """Hourly counts as whole local days of the IANA zone ``tz``, each named by its midnight in naive UTC.

    A day of which 18 hours or more were collected is scaled to all of its hours; less makes it NaN, and a
    last day that is not over is left out.
    """
    hours = pd.DatetimeIndex(counts.index)
    days = counts.groupby(local_times(hours, tz).normalize())
    collected = days.count()
    dates = pd.DatetimeIndex(collected.index)
    midnights = _midnights(dates, tz)
    length = (_midnights(dates + pd.Timedelta("1D"), tz) - midnights) / pd.Timedelta("1h")
    scaled = days.sum().mul(length, axis=0) / collected.where(collected >= LEAST_HOURS_A_DAY)
    is_over = midnights + pd.to_timedelta(length, unit="h") <= (hours[-1:] + pd.Timedelta("1h")).max()
    return scaled.round().set_axis(midnights)[is_over]


def _midnights(dates: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    """The first instant of each local day, in naive UTC; some zones skip or repeat midnight."""
    aware = dates.tz_localize(tz, ambiguous=np.ones(len(dates), dtype=bool), nonexistent="shift_forward")
    return aware.tz_convert("UTC").tz_localize(None)
