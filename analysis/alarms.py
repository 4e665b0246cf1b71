"""Alarms: the spikes of one series, joined where they lie close together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.budget import Budget
from analysis.model import PROVISIONAL, Cells, Model
from analysis.tail import Floats

MAX_GAP = {"1h": pd.Timedelta("3h"), "1D": pd.Timedelta("25h")}
"""Spikes whose buckets start at most this far apart are one alarm; a local day may last 25 hours."""


@dataclass(frozen=True)
class Alarm:
    """Spikes of one series within three hours (in daily counts: on adjoining days) of each other.

    ``start`` and ``end`` (exclusive) are naive UTC, ``total`` all events between them. ``observed``,
    ``expected``, ``upper``, ``p`` and ``score`` (−log10 p, which never underflows) describe the least
    likely bucket, the one at ``peak``. ``provisional``: the series was still learning, and its count was
    far above all earlier ones. ``freq`` is the width of a bucket.
    """

    series: str
    start: pd.Timestamp
    end: pd.Timestamp
    total: int
    peak: pd.Timestamp
    observed: int
    expected: float
    upper: float
    p: float
    score: float
    provisional: bool
    freq: str


def find_alarms(
    model: Model, budget: Budget, *, n_series: int | NDArray[np.int64] | None = None
) -> list[Alarm]:
    """All alarms of a fitted model, oldest first; series that start together in their order in the model.

    ``n_series`` is how many series share the budget, a number or one for each bucket; by default those of the
    model.
    """
    n_series = len(model.series) if n_series is None else n_series
    log_alpha = budget.log_alpha(model.scope, model.freq, n_series)
    rows, columns = np.nonzero(model.spikes(log_alpha))
    if not len(rows):
        return []
    upper = model.upper(log_alpha, (rows, columns))
    starts = model.buckets[columns]
    is_first = (np.diff(rows) != 0) | (np.diff(starts) > MAX_GAP[model.freq])
    groups = np.split(np.arange(len(rows)), np.flatnonzero(is_first) + 1)
    alarms = [_alarm(model, (rows[group], columns[group]), upper[group]) for group in groups]
    return sorted(alarms, key=lambda alarm: alarm.start)


def _alarm(model: Model, cells: Cells, upper: Floats) -> Alarm:
    """The alarm of the spikes in ``cells``, which lie in one series."""
    rows, columns = cells
    worst = int(np.argmin(model.log_p[cells]))
    peak = rows[worst], columns[worst]
    log_p = float(model.log_p[peak])
    return Alarm(
        series=str(model.series[rows[0]]),
        start=model.buckets[columns[0]],
        end=model.buckets[columns[-1]] + pd.Timedelta(model.freq),
        total=int(np.nansum(model.counts[rows[0], columns[0] : columns[-1] + 1])),
        peak=model.buckets[columns[worst]],
        observed=int(model.counts[peak]),
        expected=float(model.expected[peak]),
        upper=float(upper[worst]),
        p=float(np.exp(log_p)),
        score=-log_p / float(np.log(10.0)),
        provisional=bool(model.state[peak] == PROVISIONAL),
        freq=model.freq,
    )
