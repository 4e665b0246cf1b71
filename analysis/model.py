"""A fitted watch over many series: what was expected of every bucket, and how unlikely it turned out.

Fitting takes about a second for a large fleet; deciding which buckets are spikes then takes milliseconds,
so a reader may turn the sensitivity without waiting. Arrays are (series, buckets).
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

Places = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Model:
    """What ``fit`` learned about ``series`` × ``buckets`` (naive UTC).

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

    def spikes(self, log_alpha: float) -> NDArray[np.bool_]:
        """Which buckets are spikes, if a probability of exp(log_alpha) is improbable enough."""
        return (self.log_p < 0.0) & (self.log_p <= _limit(self.state, log_alpha))

    def upper(self, log_alpha: float, places: Places) -> Floats:
        """The highest count that would be no spike at each place; NaN where nothing is tested."""
        upper = np.full(len(places[0]), np.nan)
        tested = self.state[places] >= PROVISIONAL
        rows, columns = places[0][tested], places[1][tested]
        limit = _limit(self.state[rows, columns], log_alpha)
        usual = tail_quantile(limit, self.expected[rows, columns], self.variance[rows, columns])
        upper[tested] = np.maximum(usual, self.floor[rows, columns])
        return upper


def _limit(state: NDArray[np.int8], log_alpha: float) -> Floats:
    """A provisional bucket must be a thousand times less likely."""
    return log_alpha - np.where(state == PROVISIONAL, np.log(PROVISIONAL_RIGOUR), 0.0)


def fit(
    counts: pd.DataFrame,
    *,
    tz: str,
    freq: str = "1h",
    scope: str = "agent",
    now: pd.Timestamp | None = None,
) -> Model:
    """Learn what is usual for each column of ``counts``; a bucket is judged by the days before it alone.

    ``counts`` has a row a bucket (start in naive UTC, ascending) and a column a series, NaN where nothing
    was collected; a row that is missing is an outage too. ``tz`` is the IANA zone whose days and hours
    count, ``freq`` "1h" or "1D". With ``scope`` "agent" a series begins with its first event, with
    "overall" at the first row. What is not over at ``now`` (naive UTC) is neither tested nor learned.

    Raises ValueError for an unknown freq or scope, buckets out of order or twice, and negative counts.
    """
    rules = rules_for(scope, freq)
    _check(counts)
    buckets = pd.DatetimeIndex(counts.index)
    grid = local_grid(buckets, tz, freq)
    values = counts.to_numpy(dtype=np.float64).T
    state = _states(values, buckets, scope, now, pd.Timedelta(freq))
    values = np.where(state == LEARNING, values, np.nan)
    laid = grid.lay(values)
    observed_days = grid.read(_observed_days(laid))
    _graduate(state, observed_days, rules)
    baseline = learn(laid, grid, breathing=scope == "overall")
    expected, variance = grid.read(baseline.mean), grid.read(baseline.variance)
    floor = _floor(values, state, baseline, grid, rules)
    log_p = np.zeros_like(values)
    beyond = (state >= PROVISIONAL) & (values > floor)
    log_p[beyond] = log_tail(values[beyond], expected[beyond], variance[beyond])
    return Model(
        counts.columns, buckets, freq, scope, values, expected, variance, floor, log_p, state, observed_days
    )


def _check(counts: pd.DataFrame) -> None:
    if not (counts.index.is_monotonic_increasing and counts.index.is_unique):
        raise ValueError("the buckets are out of order or appear twice: sort them and sum doubles first")
    lowest = np.nanmin(counts.to_numpy(dtype=np.float64), initial=0.0)
    if lowest < 0:
        raise ValueError(f"a count is {lowest:g}: counts of events are 0 or more")


def _states(
    values: Floats, buckets: pd.DatetimeIndex, scope: str, now: pd.Timestamp | None, width: pd.Timedelta
) -> NDArray[np.int8]:
    """LEARNING for all that was collected, and why not for the rest."""
    state = np.full(values.shape, LEARNING, dtype=np.int8)
    state[np.isnan(values)] = GAP
    if now is not None:
        state[:, np.asarray(buckets + width > now)] = UNFINISHED
    if scope == "agent":
        state[np.cumsum(np.nan_to_num(values), axis=1) == 0] = ABSENT
    return state


def _observed_days(laid: Floats) -> Floats:
    """Days of history behind each slot, the hours of its own day so far included."""
    series, days, slots = laid.shape
    seen = np.isfinite(laid).reshape(series, days * slots).astype(float)
    days_seen: Floats = past_sum(seen, MEMORY_DAYS * slots).reshape(laid.shape) / slots
    return days_seen


def _graduate(state: NDArray[np.int8], observed_days: Floats, rules: Rules) -> None:
    collected = state == LEARNING
    state[collected & (observed_days >= rules.provisional_days)] = PROVISIONAL
    state[collected & (observed_days >= rules.learning_days)] = WATCHED


def _floor(values: Floats, state: NDArray[np.int8], baseline: Baseline, grid: Grid, rules: Rules) -> Floats:
    """A spike is also large: against the mean, the precedent and, while provisional, the whole past."""
    least = np.maximum(baseline.mean * rules.times_mean, baseline.precedent * rules.times_precedent)
    watched = np.maximum(grid.read(least), SMALLEST_SPIKE)
    highest = np.zeros_like(values)
    np.maximum.accumulate(np.nan_to_num(values[:, :-1]), axis=1, out=highest[:, 1:])
    provisional = np.maximum(PROVISIONAL_TIMES_HIGHEST * highest, PROVISIONAL_SMALLEST)
    return np.ceil(np.where(state == PROVISIONAL, np.maximum(watched, provisional), watched)) - 1.0
