"""Beginnings, gaps, clocks and nonsense: what must raise no alarm, and no error but a clear one."""

import numpy as np
import pandas as pd
import pytest

from analysis import Budget, detect, explain, find_alarms, fit
from analysis.grid import local_grid
from tests.analysis.spike_series import START, hours, office, series, spikes, with_spike

QUIET = {
    "empty": np.zeros(0),
    "no logins": np.zeros(2000),
    "one login": with_spike(np.zeros(2000), 900, 1),
    "constant": np.full(2000, 7.0),
    "constant and large": np.full(2000, 50_000.0),
    "new installation": office(0.5),
    "one hour": np.array([3.0]),
    "all lost": np.full(500, np.nan),
}


@pytest.mark.parametrize("counts", QUIET.values(), ids=QUIET.keys())
@pytest.mark.parametrize("scope", ["agent", "overall"])
@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin"])
def test_quiet_series_raise_no_alarm_and_no_error(counts: np.ndarray, scope: str, tz: str) -> None:
    result = detect(series(counts), tz=tz, scope=scope)
    assert len(result) == len(counts)
    assert spikes(result) == []


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (500, 0)])
def test_an_empty_fleet_has_no_alarms(shape: tuple[int, int]) -> None:
    frame = pd.DataFrame(np.zeros(shape), index=hours(10)[: shape[0]])
    assert find_alarms(fit(frame, tz="UTC"), Budget()) == []


def test_learning_counts_its_days_and_shows_no_band() -> None:
    result = detect(series(office(1.2) + 1))
    day = result["bucket_start"].sub(START).dt.days
    learning = result["learning_day"] > 0
    assert result.loc[learning, "learning_day"].tolist() == (day[learning] + 1).tolist()
    assert learning.sum() == 7 * 24
    assert result.loc[day < 2, ["expected", "upper"]].isna().all(axis=None)
    assert set(result["state"]) == {"learning", "provisional", "watched"}


@pytest.mark.parametrize(("hour", "size", "is_alarm"), [(80, 234, True), (80, 60, False), (40, 234, False)])
def test_a_count_far_above_a_short_history_is_provisional(hour: int, size: int, is_alarm: bool) -> None:
    counts = np.random.default_rng(3).poisson(2.0, 110).astype(float)
    counts[[17, 29]] = 31
    counts[hour] += size
    frame = pd.DataFrame({"failed logins": counts}, index=hours(1)[:110])
    alarms = find_alarms(fit(frame, tz="UTC", scope="overall"), Budget())
    assert [alarm.start for alarm in alarms] == [START + pd.Timedelta(hours=hour)] * is_alarm
    assert all(alarm.provisional and "provisional" in explain(alarm).caveat for alarm in alarms)


def test_an_outage_is_a_gap_and_not_a_zero() -> None:
    zeros, gaps = office(10), office(10)
    zeros[5 * 168 : 8 * 168], gaps[5 * 168 : 8 * 168] = 0.0, np.nan
    truth = 50 * 4.0 + 118 * 0.02
    after_gap, after_zeros = (
        detect(series(counts))["expected"][8 * 168 : 9 * 168].sum() for counts in (gaps, zeros)
    )
    assert after_gap == pytest.approx(truth, rel=0.1)
    assert after_zeros < 0.8 * truth
    assert set(detect(series(gaps))["state"][5 * 168 : 8 * 168]) == {"gap"}


def test_after_two_months_of_outage_a_series_learns_again() -> None:
    counts = office(20)
    counts[5 * 168 : 14 * 168] = np.nan
    assert detect(series(counts)).loc[14 * 168, "state"] == "learning"


def test_the_unfinished_hour_and_a_clock_in_the_future_are_not_tested() -> None:
    counts = with_spike(with_spike(office(10), -1, 500), -30, 500)
    now = hours(10)[-30] + pd.Timedelta("59min")
    result = detect(series(counts), now=now)
    assert set(result["state"][-30:]) == {"unfinished"}
    assert spikes(result) == spikes(detect(series(counts[:-30])))
    assert len(counts) - 30 in spikes(detect(series(counts), now=now + pd.Timedelta("1min")))


def test_the_doubled_hour_of_autumn_is_averaged_and_the_missing_one_of_spring_left_out() -> None:
    autumn = pd.date_range(
        "2026-10-24 22:00", periods=26, freq="1h"
    )  # 25 local hours of the 25th, and one more
    days = local_grid(autumn, "Europe/Berlin", "1h").from_buckets(np.arange(26.0)[None])
    assert days[0, 0, :5].tolist() == [0, 1, 2.5, 4, 5]
    spring = pd.date_range("2026-03-28 23:00", periods=24, freq="1h")
    days = local_grid(spring, "Europe/Berlin", "1h").from_buckets(np.arange(24.0)[None])
    assert days[0, 0, :5].tolist() == pytest.approx([0, 1, np.nan, 2, 3], nan_ok=True)


@pytest.mark.parametrize("tz", ["Europe/Berlin", "America/New_York", "Australia/Sydney"])
def test_changing_the_clocks_raises_nothing(tz: str) -> None:
    when = pd.date_range("2025-12-01", "2026-11-30", freq="1h")
    local = when.tz_localize("UTC").tz_convert(tz)
    counts = np.where((local.hour >= 9) & (local.hour < 17), 20.0, 0.0)
    counts[local.hour == 2] = 30.0
    assert spikes(detect(pd.DataFrame({"bucket_start": when, "count": counts}), tz=tz)) == []


ERRORS = [
    ({"freq": "15min"}, "15min"),
    ({"scope": "team"}, "team"),
    ({"tz": "Mars/Olympus"}, "Mars/Olympus"),
]


@pytest.mark.parametrize(("arguments", "named"), ERRORS)
def test_what_is_not_known_is_named(arguments: dict[str, str], named: str) -> None:
    with pytest.raises((ValueError, KeyError), match=named):
        detect(series(office(1)), **arguments)


def test_counts_that_cannot_be_are_refused() -> None:
    counts = series(office(1))
    with pytest.raises(ValueError, match="out of order or appear twice"):
        detect(pd.concat([counts, counts]))
    with pytest.raises(ValueError, match="a count is -3"):
        detect(counts.assign(count=-3))
    with pytest.raises(ValueError, match="agent_month is 0"):
        Budget(agent_month=0)
