"""A model that does not learn from spikes: an attack leaves the limits of the days after it as they were."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.budget import Budget
from analysis.model import Model, fit

_LEARNED = ("expected", "variance", "floor", "log_p")


def fit_unfed(
    counts: pd.DataFrame,
    *,
    tz: str,
    scope: str,
    budget: Budget,
    n_series: int | NDArray[np.int64],
    is_expected: pd.DataFrame | None = None,
    freq: str = "1h",
    now: pd.Timestamp | None = None,
) -> Model:
    """Like ``fit``, but spikes at ``budget`` are not learned from unless they are expected.

    ``n_series`` is how many series share the budget, a number or one for each bucket. ``is_expected`` has the
    shape of ``counts`` and is True where a spike is learned from all the same. The last bucket is tested with
    the count that it has so far, unless it is not over at ``now``. Other arguments and errors as for ``fit``.

    The limit of a bucket depends on which buckets before it were spikes, so series are fitted again until no
    bucket changes its side. Limits look at the past only: each round settles at least one more bucket, and the
    result is that of deciding bucket by bucket.
    """
    model = fit(counts, tz=tz, freq=freq, scope=scope, now=now)
    log_alpha = budget.log_alpha(scope, freq, n_series)
    expected = np.zeros(model.counts.shape, bool) if is_expected is None else is_expected.to_numpy(bool).T
    is_learned = np.ones_like(expected)
    is_next = ~model.spikes(log_alpha) | expected
    while len(changed := np.flatnonzero((is_next != is_learned).any(axis=1))):
        is_learned[changed] = is_next[changed]
        part = fit(
            counts.iloc[:, changed], tz=tz, freq=freq, scope=scope, now=now, is_learned=is_learned[changed]
        )
        for name in _LEARNED:
            getattr(model, name)[changed] = getattr(part, name)
        is_next[changed] = ~part.spikes(log_alpha) | expected[changed]
    return model
