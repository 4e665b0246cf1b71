"""Series of counts that the tests of spikes share."""

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-05")
"""A Monday."""

AT_NIGHT, AT_NOON = 8 * 168 + 27, 8 * 168 + 36
"""Hours of the ninth week, on its Tuesday."""


def hours(weeks: float) -> pd.DatetimeIndex:
    return pd.date_range(START, periods=int(weeks * 168), freq="1h")


def office(weeks: float, *, seed: int = 1, rate: float = 4.0) -> np.ndarray:
    """Logins of somebody who works from 8 to 18 on working days."""
    when = hours(weeks)
    busy = (when.hour >= 8) & (when.hour < 18) & (when.day_of_week < 5)
    return np.random.default_rng(seed).poisson(np.where(busy, rate, 0.02)).astype(float)


def series(counts: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {"bucket_start": pd.date_range(START, periods=len(counts), freq="1h"), "count": counts}
    )


def with_spike(counts: np.ndarray, at: int, size: int) -> np.ndarray:
    spiked = counts.copy()
    spiked[at] += size
    return spiked


def fleet(agents: int, weeks: int) -> pd.DataFrame:
    return pd.DataFrame({f"agent-{n}": office(weeks, seed=n) for n in range(agents)}, index=hours(weeks))


def spikes(result: pd.DataFrame) -> list[int]:
    """The rows of ``detect``'s answer that are spikes."""
    return np.flatnonzero(result["is_spike"]).tolist()
