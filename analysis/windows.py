"""Sums and ranks over the days before each day; the day itself is left out.

Arrays are (series, days) or (series, days, slots of a day), and so is every result.
"""

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
    series, days, slots = values.shape
    rows = -(-days // 7)
    padded = np.zeros((series, rows * 7, slots))
    padded[:, :days] = values
    past = past_sum(padded.reshape(series, rows, 7 * slots), weeks)
    return past.reshape(series, rows * 7, slots)[:, :days]


def past_median(values: Floats, days: int, missing: float) -> Floats:
    """Median of the ``days`` days before (series, days); days before the first count as ``missing``."""
    padded = np.full((values.shape[0], values.shape[1] + days), missing)
    padded[:, days:] = values
    windows = np.lib.stride_tricks.sliding_window_view(padded, days, axis=1)[:, :-1]
    median: Floats = np.median(windows, axis=-1)
    return median


def past_second_highest(values: Floats, days: int) -> Floats:
    """The second-highest (≥ 0) of the ``days`` days before, 0 where there are not two.

    Windows of 1, 2, 4, ... days are merged, which costs a tenth of sorting each window.
    """
    zeros = np.zeros_like(values)
    pair, result = (_delay(values, 1), zeros), (zeros, zeros)
    width, merged = 1, 0
    while width <= days:
        if days & width:
            result = _two_highest(result, (_delay(pair[0], merged), _delay(pair[1], merged)))
            merged += width
        pair = _two_highest(pair, (_delay(pair[0], width), _delay(pair[1], width)))
        width *= 2
    return result[1]


def _two_highest(left: tuple[Floats, Floats], right: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    second = np.maximum(np.minimum(left[0], right[0]), np.maximum(left[1], right[1]))
    return np.maximum(left[0], right[0]), second


def _delay(values: Floats, days: int) -> Floats:
    delayed = np.zeros_like(values)
    delayed[:, days:] = values[:, : max(values.shape[1] - days, 0)]
    return delayed
