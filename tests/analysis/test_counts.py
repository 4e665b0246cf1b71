"""Daily counts of local days."""

import numpy as np
import pandas as pd
import pytest

from analysis import daily_counts


def test_days_are_local_whole_and_scaled_over_an_outage() -> None:
    counts = pd.DataFrame({"a": 1.0}, index=pd.date_range("2026-03-27 23:00", "2026-03-31 12:00", freq="1h"))
    counts.loc["2026-03-30 03:00":"2026-03-30 06:00", "a"] = np.nan
    counts.loc["2026-03-27 23:00":"2026-03-28 07:00", "a"] = np.nan
    days = daily_counts(counts, tz="Europe/Berlin")
    # The 29th has 23 hours in Berlin; the 31st is not over; the 28th lost nine hours.
    assert days["a"].tolist() == pytest.approx([np.nan, 23.0, 24.0], nan_ok=True)
    assert days.index.tolist() == list(
        pd.to_datetime(["2026-03-27 23:00", "2026-03-28 23:00", "2026-03-29 22:00"])
    )
