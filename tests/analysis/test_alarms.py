"""Alarms: spikes that lie close together are one."""

import numpy as np
import pandas as pd
import pytest

from analysis import Budget, find_alarms, fit
from tests.analysis.spike_series import START, hours

JOINS = [([0], 1), ([0, 1, 2], 1), ([0, 3], 1), ([0, 4], 2), ([0, 3, 6, 9], 1), ([0, 24], 2)]


@pytest.mark.parametrize(("after", "expected"), JOINS)
def test_spikes_within_three_hours_are_one_alarm(after: list[int], expected: int) -> None:
    counts = np.full(1700, 1.0)
    counts[[1500 + hour for hour in after]] = 80
    model = fit(pd.DataFrame({"a": counts, "b": 1.0}, index=hours(11)[:1700]), tz="UTC")
    alarms = find_alarms(model, Budget())
    assert len(alarms) == expected
    assert sum(alarm.total for alarm in alarms) >= 80 * len(after)
    assert alarms[0].start == START + pd.Timedelta(hours=1500)
    assert alarms[-1].end == START + pd.Timedelta(hours=1500 + after[-1] + 1)
