"""Sums and ranks over the days before each day; the day itself is left out.

Arrays are (series, days) or (series, days, slots of a day), and so is every result.
"""

from functools import reduce

import numpy as np

from analysis.tail import Floats


def past_sum(values: Floats, days: int) -> Floats:
    """Sum over the ``days`` days before each day, fewer at the start."""
    total = np.zeros((values.shape[0], values.shape[1] + 1, *values.shape[2:]))
    np.cumsum(values, axis=1, out=total[:, 1:])
    past = total[:, :-1].copy()
    past[:, days:] -= total[:, : -1 - days]
    return past


def past_weeks_sum(values: Floats, weeks: int) -> Floats:
    """Sum over the same weekday of the ``weeks`` weeks before."""
    return _by_day(past_sum(_by_week(values), weeks), values)


def past_weeks_highest(values: Floats, weeks: int, rank: int) -> Floats:
    """As ``past_highest``, of the same weekday of the ``weeks`` weeks before."""
    return _by_day(past_highest(_by_week(values), weeks, rank), values)


def _by_week(values: Floats) -> Floats:
    """Values (series, days, slots) as (series, weeks, slots of a week), the last week filled up with 0."""
    series, days, slots = values.shape
    weeks = -(-days // 7)
    padded = np.zeros((series, weeks * 7, slots))
    padded[:, :days] = values
    return padded.reshape(series, weeks, 7 * slots)


def _by_day(weekly: Floats, values: Floats) -> Floats:
    """The opposite of ``_by_week`` for its argument ``values``."""
    series, weeks, _ = weekly.shape
    return weekly.reshape(series, weeks * 7, values.shape[2])[:, : values.shape[1]]


def past_median(values: Floats, days: int, missing: float) -> Floats:
    """Median of the ``days`` days before (series, days); days before the first count as ``missing``."""
    padded = np.full((values.shape[0], values.shape[1] + days), missing)
    padded[:, days:] = values
    windows = np.lib.stride_tricks.sliding_window_view(padded, days, axis=1)[:, :-1]
    median: Floats = np.median(windows, axis=-1)
    return median


def past_highest(values: Floats, days: int, rank: int) -> Floats:
    """The ``rank``-highest (≥ 0) of the ``days`` days before, 0 where there are fewer; ``rank`` from 1.

    Windows of 1, 2, 4, ... days are merged, which costs a tenth of sorting each window.
    """
    zeros = np.zeros_like(values)
    power, result = (_delay(values, 1), *[zeros] * (rank - 1)), (zeros,) * rank
    width, merged = 1, 0
    while width <= days:
        if days & width:
            result = _merged(result, tuple(_delay(row, merged) for row in power))
            merged += width
        power = _merged(power, tuple(_delay(row, width) for row in power))
        width *= 2
    return result[-1]


def _merged(left: tuple[Floats, ...], right: tuple[Floats, ...]) -> tuple[Floats, ...]:
    """The highest of two descending sequences of equal length, as many as each of them has."""
    highest = [np.maximum(left[0], right[0])]
    for rank in range(1, len(left)):
        # rank + 1 values are at least min(left[i], right[j]) where i + j = rank - 1.
        pairs = [np.minimum(left[i], right[rank - 1 - i]) for i in range(rank)]
        highest.append(reduce(np.maximum, [left[rank], right[rank], *pairs]))
    return tuple(highest)


def _delay(values: Floats, days: int) -> Floats:
    delayed = np.zeros_like(values)
    delayed[:, days:] = values[:, : max(values.shape[1] - days, 0)]
    return delayed
