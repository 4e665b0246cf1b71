"""A model of many series: the count expected of every bucket, and how unlikely the observed one is.

Fitting takes about a second for a large fleet; deciding which buckets are spikes then takes milliseconds,
so a viewer can change the sensitivity without waiting. Arrays are (series, buckets).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.baseline import WEEKS, Baseline, learn
from analysis.grid import Grid, local_grid
from analysis.rules import (
    PROVISIONAL_RIGOUR,
    PROVISIONAL_SMALLEST,
    PROVISIONAL_TIMES_HIGHEST,
    SMALLEST_SPIKE,
    Rules,
    rules_for,
)
from analysis.tail import Floats, log_tail, tail_quantile
from analysis.windows import past_sum

STATES: Final = ("absent", "gap", "unfinished", "learning", "provisional", "watched")
ABSENT, GAP, UNFINISHED, LEARNING, PROVISIONAL, WATCHED = range(len(STATES))

MEMORY_DAYS = 7 * WEEKS

Cells = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Rows and columns of single cells of an array (series, buckets), of equal length."""


@dataclass(frozen=True)
class Model:
    """What ``fit`` estimated for ``series`` × ``buckets`` (naive UTC).

    ``floor`` is the highest count that is no spike however unlikely it is; ``log_p`` is ln P(a count this
    high or higher) where the count is above it, else 0; ``state`` indexes STATES; ``observed_days`` is the
    history behind a bucket, at most 56.
    """

    series: pd.Index
    buckets: pd.DatetimeIndex
    freq: str
    scope: str
    counts: Floats
    expected: Floats
    variance: Floats
    floor: Floats
    log_p: Floats
    state: NDArray[np.int8]
    observed_days: Floats

    def spikes(self, log_alpha: float | Floats) -> NDArray[np.bool_]:
        """Which buckets are spikes at the significance level exp(log_alpha), a number or one for each bucket."""
        return (self.log_p < 0.0) & (self.log_p <= _log_level(self.state, log_alpha))

    def upper(self, log_alpha: float | Floats, cells: Cells) -> Floats:
        """The highest count that would be no spike in each cell; NaN where nothing is tested.

        ``log_alpha`` as for ``spikes``.
        """
        upper = np.full(len(cells[0]), np.nan)
        is_tested = self.state[cells] >= PROVISIONAL
        tested = cells[0][is_tested], cells[1][is_tested]
        level = _log_level(self.state[tested], np.broadcast_to(log_alpha, self.state.shape)[tested])
        quantile = tail_quantile(level, self.expected[tested], self.variance[tested])
        upper[is_tested] = np.maximum(quantile, self.floor[tested])
        return upper


def _log_level(state: NDArray[np.int8], log_alpha: float | Floats) -> Floats:
    """ln of the significance level of each bucket; a provisional one must be a thousand times less likely."""
    return log_alpha - np.where(state == PROVISIONAL, np.log(PROVISIONAL_RIGOUR), 0.0)


def fit(
    counts: pd.DataFrame,
    *,
    tz: str,
    freq: str = "1h",
    scope: str = "agent",
    now: pd.Timestamp | None = None,
    is_learned: NDArray[np.bool_] | None = None,
) -> Model:
    """Estimate the expected count of each bucket of each column of ``counts``, from the days before it alone.

    ``counts`` has a row a bucket (start in naive UTC, ascending) and a column a series, NaN where nothing
    was collected; a row that is missing is an outage too. ``tz`` is the IANA zone whose days and hours
    count, ``freq`` "1h" or "1D". With ``scope`` "agent" a series begins with its first event, with
    "overall" at the first row. What is not over at ``now`` (naive UTC) is neither tested nor learned from.
    ``is_learned`` (series, buckets) is False where a bucket is tested but not learned from.

    Raises ValueError for an unknown freq or scope, buckets out of order or twice, and negative counts.
    """
    rules = rules_for(scope, freq)
    _check(counts)
    buckets = pd.DatetimeIndex(counts.index)
    grid = local_grid(buckets, tz, freq)
    values = counts.to_numpy(dtype=np.float64).T
    state = _states(values, buckets, scope, now, pd.Timedelta(freq))
    values = np.where(state == LEARNING, values, np.nan)
    days = grid.from_buckets(values)
    observed_days = grid.to_buckets(_observed_days(days))
    _end_learning(state, observed_days, rules)
    learned = values if is_learned is None else np.where(is_learned, values, np.nan)
    baseline = learn(days, grid.from_buckets(learned), grid, adaptive=scope == "overall")
    expected, variance = grid.to_buckets(baseline.mean), grid.to_buckets(baseline.variance)
    floor = _floor(learned, state, baseline, grid, rules)
    log_p = np.zeros_like(values)
    is_above = (state >= PROVISIONAL) & (values > floor)
    log_p[is_above] = log_tail(values[is_above], expected[is_above], variance[is_above])
    return Model(
        counts.columns, buckets, freq, scope, values, expected, variance, floor, log_p, state, observed_days
    )


def _check(counts: pd.DataFrame) -> None:
    if not (counts.index.is_monotonic_increasing and counts.index.is_unique):
        raise ValueError(
            "the buckets are out of order or appear twice: sort them and add up those that start together"
        )
    lowest = np.nanmin(counts.to_numpy(dtype=np.float64), initial=0.0)
    if lowest < 0:
        raise ValueError(f"a count is {lowest:g}: counts of events are 0 or more")


def _states(
    values: Floats, buckets: pd.DatetimeIndex, scope: str, now: pd.Timestamp | None, width: pd.Timedelta
) -> NDArray[np.int8]:
    """LEARNING for all buckets that were collected, and the reason against it for the others."""
    state = np.full(values.shape, LEARNING, dtype=np.int8)
    state[np.isnan(values)] = GAP
    if now is not None:
        state[:, np.asarray(buckets + width > now)] = UNFINISHED
    if scope == "agent":
        state[np.cumsum(np.nan_to_num(values), axis=1) == 0] = ABSENT
    return state


def _observed_days(counts: Floats) -> Floats:
    """Days of history behind each slot, the earlier hours of its own day included; as ``counts``."""
    series, days, slots = counts.shape
    is_observed = np.isfinite(counts).reshape(series, days * slots).astype(float)
    observed: Floats = past_sum(is_observed, MEMORY_DAYS * slots).reshape(counts.shape) / slots
    return observed


def _end_learning(state: NDArray[np.int8], observed_days: Floats, rules: Rules) -> None:
    collected = state == LEARNING
    state[collected & (observed_days >= rules.provisional_days)] = PROVISIONAL
    state[collected & (observed_days >= rules.learning_days)] = WATCHED


def _floor(learned: Floats, state: NDArray[np.int8], baseline: Baseline, grid: Grid, rules: Rules) -> Floats:
    """The count that a spike exceeds however unlikely it is: from the mean, the precedent and, while provisional,
    the highest count so far."""
    least = np.maximum(baseline.mean * rules.times_mean, baseline.precedent * rules.times_precedent)
    watched = np.maximum(grid.to_buckets(least), SMALLEST_SPIKE)
    highest = np.zeros_like(learned)
    np.maximum.accumulate(np.nan_to_num(learned[:, :-1]), axis=1, out=highest[:, 1:])
    provisional = np.maximum(PROVISIONAL_TIMES_HIGHEST * highest, PROVISIONAL_SMALLEST)
    return np.ceil(np.where(state == PROVISIONAL, np.maximum(watched, provisional), watched)) - 1.0
