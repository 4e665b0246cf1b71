"""Spikes of one series, a row for each of its buckets.

    model = fit_unfed(counts, tz="Europe/Berlin", scope="agent", budget=Budget(), n_series=200)
    alarms = find_alarms(model, Budget(agent_month=0.1))   # milliseconds, for any budget
    chart = band(model, "support-7")                    # the expected range of one of them

``counts`` has a row an hour and a column an agent. The method is a seasonal negative-binomial test
(``analysis.baseline``) that does not learn from spikes (``analysis.unfed``); what it finds, and how many false
alarms it gives, is measured in benchmarks/spikes.md.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.budget import Budget
from analysis.model import LEARNING, PROVISIONAL, STATES, Model
from analysis.unfed import fit_unfed

DEFAULT = Budget()
"""0.2 false alarms per agent and month, 0.5 per overall chart and week."""


def detect(
    df: pd.DataFrame,
    *,
    tz: str = "UTC",
    freq: str = "1h",
    scope: str = "agent",
    n_series: int = 1,
    budget: Budget = DEFAULT,
    now: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Test one series: ``bucket_start`` (naive UTC, ascending), ``count``; a missing row is an outage.

    Returns the columns of ``band``, a row for each row of ``df``. ``n_series`` is how many series of this
    scope are watched, for a large fleet shares one budget. Other arguments and errors as for ``fit``.
    """
    counts = pd.DataFrame({"series": df["count"].to_numpy()}, index=pd.DatetimeIndex(df["bucket_start"]))
    model = fit_unfed(counts, tz=tz, freq=freq, scope=scope, budget=budget, n_series=n_series, now=now)
    return band(model, "series", budget, n_series=n_series)


def band(
    model: Model, series: object, budget: Budget = DEFAULT, *, n_series: int | None = None
) -> pd.DataFrame:
    """One series as a chart needs it, a row a bucket.

    ``bucket_start`` (naive UTC), ``count``; ``expected`` and ``upper``, the highest count that would be no
    spike, both NaN where nothing is tested; ``is_spike``; ``score``, −log10 of the probability of a count
    above all floors, 0 elsewhere; ``state``, one of STATES; ``learning_day``, the n of "day n of 7" while
    learning or provisional, else 0. Raises KeyError for a series that was not fitted.
    """
    row = model.series.get_loc(series)
    log_alpha = budget.log_alpha(model.scope, model.freq, n_series or len(model.series))
    state = model.state[row]
    return pd.DataFrame(
        {
            "bucket_start": model.buckets,
            "count": model.counts[row],
            "expected": np.where(state >= PROVISIONAL, model.expected[row], np.nan),
            "upper": model.upper(log_alpha, (np.full(len(state), row), np.arange(len(state)))),
            "is_spike": model.spikes(log_alpha)[row],
            "score": (0.0 - model.log_p[row]) / np.log(10.0),
            "state": np.array(STATES)[state],
            "learning_day": _learning_days(model)[row],
        }
    )


def _learning_days(model: Model) -> NDArray[np.int64]:
    is_learning = (model.state == LEARNING) | (model.state == PROVISIONAL)
    return np.where(is_learning, np.floor(model.observed_days) + 1, 0).astype(np.int64)
