"""Counts of events in the shape that is analysed: a row a bucket, a column a series, NaN for outages."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

LEAST_OF_A_DAY = 18


def spread(
    counted: pd.DataFrame,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    outages: Iterable[tuple[pd.Timestamp, pd.Timestamp]] = (),
) -> pd.DataFrame:
    """Grouped counts (``series``, ``bucket_start``, ``count``) as hourly rows of [start, end), naive UTC.

    An hour without a row is a zero, unless it touches one of the ``outages`` [from, to): those are NaN.
    Rows of one series and hour are summed; rows outside [start, end) are left out.
    """
    hours = pd.date_range(start.floor("h"), end, freq="1h", inclusive="left")
    wide = counted.pivot_table(index="bucket_start", columns="series", values="count", aggfunc="sum")
    counts = wide.reindex(hours).fillna(0.0).astype(float)
    for first, last in outages:
        counts.loc[(hours + pd.Timedelta("1h") > first) & (hours < last)] = np.nan
    return counts


def fold_days(counts: pd.DataFrame, *, tz: str) -> pd.DataFrame:
    """Hourly counts as whole local days of the IANA zone ``tz``, each named by its midnight in naive UTC.

    A day of which 18 hours or more were collected is scaled to all of its hours; less makes it NaN, and a
    last day that is not over is left out.
    """
    hours = pd.DatetimeIndex(counts.index)
    local = hours.tz_localize("UTC").tz_convert(tz)
    days = counts.groupby(local.tz_localize(None).normalize())
    collected = days.count()
    midnights = _midnights(pd.DatetimeIndex(collected.index), tz)
    length = (
        _midnights(pd.DatetimeIndex(collected.index) + pd.Timedelta("1D"), tz) - midnights
    ) / pd.Timedelta("1h")
    scaled = days.sum().mul(length, axis=0) / collected.where(collected >= LEAST_OF_A_DAY)
    folded = scaled.round().set_axis(midnights)
    over = midnights + pd.to_timedelta(length, unit="h") <= (hours[-1:] + pd.Timedelta("1h")).max()
    return folded[over]


def _midnights(days: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    """The first instant of each local day, in naive UTC; some zones skip or repeat midnight."""
    aware = days.tz_localize(tz, ambiguous=np.ones(len(days), dtype=bool), nonexistent="shift_forward")
    return aware.tz_convert("UTC").tz_localize(None)
