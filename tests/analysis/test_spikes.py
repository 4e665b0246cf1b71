"""Which counts are spikes, and which are not."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import DAYS_A_MONTH, Budget, band, detect, find_alarms, fit, fit_unfed
from analysis.grid import local_grid
from tests.analysis.spike_series import AT_NIGHT, AT_NOON, fleet, hours, office, series, spikes, with_spike
from tests.conftest import examples

COLUMNS = ["bucket_start", "count", "expected", "upper", "is_spike", "score", "state", "learning_day"]


@pytest.mark.parametrize(
    ("at", "size", "is_spike"),
    [
        (AT_NOON, 40, True),
        (AT_NIGHT, 40, True),
        (AT_NIGHT, 12, True),
        (AT_NIGHT, 4, False),
        (AT_NOON, 4, False),
    ],
)
def test_a_burst_is_a_spike_where_it_is_unusual(at: int, size: int, is_spike: bool) -> None:
    assert (at in spikes(detect(series(with_spike(office(10), at, size))))) is is_spike


def test_one_row_for_each_row_and_the_documented_columns() -> None:
    given_rows = series(office(9)).drop(index=range(300, 310))
    result = detect(given_rows)
    assert list(result.columns) == COLUMNS
    assert result["bucket_start"].tolist() == given_rows["bucket_start"].tolist()


def test_every_dot_stands_above_the_band_and_nothing_else_does() -> None:
    counts = with_spike(with_spike(office(12, rate=2.0), AT_NIGHT, 20), AT_NOON + 300, 60)
    for budget in (Budget(0.01), Budget(), Budget(50.0)):
        result = detect(series(counts), budget=budget)
        tested = result[result["upper"].notna()]
        assert (tested["is_spike"] == (tested["count"] > tested["upper"])).all()
        assert not result.loc[result["upper"].isna(), "is_spike"].any()


def test_a_regular_night_job_stops_being_a_spike() -> None:
    counts = office(10)
    counts[4 * 168 + 2 :: 24] += 300
    first_days = {4 * 168 + 2 + 24 * day for day in range(3)}
    assert set(spikes(detect(series(counts)))) <= first_days


def test_a_past_attack_does_not_excuse_the_next() -> None:
    counts = with_spike(with_spike(office(12), AT_NOON, 60), AT_NOON + 7 * 24, 60)
    assert {AT_NOON, AT_NOON + 7 * 24} <= set(spikes(detect(series(counts))))


@pytest.mark.parametrize("cut", [AT_NOON + 1, AT_NOON + 3, 9 * 168 + 5, 9 * 168 + 30])
@pytest.mark.parametrize("scope", ["agent", "overall"])
@pytest.mark.parametrize("tz", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_the_future_changes_nothing(cut: int, scope: str, tz: str) -> None:
    counts = with_spike(office(11), AT_NOON, 50)
    counts[cut:] *= 7
    whole = detect(series(counts), tz=tz, scope=scope)
    part = detect(series(counts[:cut]), tz=tz, scope=scope)
    pd.testing.assert_frame_equal(whole.iloc[:cut], part)


@settings(max_examples=examples(20))
@given(seed=st.integers(0, 10_000), length=st.integers(1, 900), scope=st.sampled_from(["agent", "overall"]))
def test_any_counts_and_gaps_are_taken(seed: int, length: int, scope: str) -> None:
    chance = np.random.default_rng(seed)
    counts = chance.negative_binomial(0.3, 0.05, length).astype(float)
    rows = series(counts)[chance.random(length) > 0.1]
    result = detect(rows, tz="Australia/Lord_Howe", scope=scope)
    assert len(result) == len(rows)
    tested = result[result["upper"].notna()]
    assert np.isfinite(tested[["expected", "upper", "score"]].to_numpy()).all()
    assert (tested["is_spike"] == (tested["count"] > tested["upper"])).all()


def test_hours_are_those_of_the_zone() -> None:
    counts = series(with_spike(office(10), AT_NIGHT, 12))
    assert len(spikes(detect(counts, tz="UTC"))) == 1
    kolkata = local_grid(pd.DatetimeIndex(counts["bucket_start"]), "Asia/Kolkata", "1h")
    assert kolkata.slot[0] == 5  # 00:00 UTC is 05:30 there


def test_a_fleet_gives_what_each_agent_gives_alone() -> None:
    counts = fleet(5, 10)
    counts.iloc[AT_NOON, 2] += 60
    counts.iloc[700:720, 3] = np.nan
    model = fit_unfed(counts, tz="Europe/Berlin", scope="agent", budget=Budget(), n_series=5)
    for name in counts:
        alone = detect(series(counts[name].to_numpy()), tz="Europe/Berlin", n_series=5)
        pd.testing.assert_frame_equal(band(model, name), alone)
    assert [alarm.series for alarm in find_alarms(model, Budget())] == ["agent-2"]


def test_a_larger_budget_finds_at_least_as_much() -> None:
    counts = fleet(30, 12)
    counts.iloc[AT_NOON, ::3] += np.arange(10) * 3
    model = fit(counts, tz="UTC")
    by_budget = [model.spikes(Budget(month).log_alpha("agent", "1h", 30)) for month in (0.01, 0.2, 5.0)]
    assert (by_budget[0] <= by_budget[1]).all()
    assert (by_budget[1] <= by_budget[2]).all()
    assert by_budget[0].sum() < by_budget[2].sum()


def test_a_large_fleet_shares_one_budget() -> None:
    budget = Budget(agent_month=0.2, fleet_week=10)
    assert budget.log_alpha("agent", "1h", 50) == budget.log_alpha("agent", "1h", 1)
    tests_a_week = 10_000 * 168
    assert np.exp(budget.log_alpha("agent", "1h", 10_000)) * tests_a_week == pytest.approx(10)


def false_alarms(mean: float, dispersion: float, budget: Budget) -> float:
    """False alarms per agent-month of 60 agents without attacks, for 15 weeks after the first."""
    chance = np.random.default_rng(8)
    size = mean / (dispersion - 1.0)
    counts = chance.negative_binomial(size, 1.0 / dispersion, (16 * 168, 60)).astype(float)
    model = fit_unfed(
        pd.DataFrame(counts, index=hours(16)), tz="UTC", scope="agent", budget=budget, n_series=60
    )
    return len(find_alarms(model, budget)) / (60 * 15 * 7 / DAYS_A_MONTH)


@pytest.mark.parametrize(
    ("mean", "dispersion"),
    [(0.05, 2.0), (0.3, 3.0), (4.0, 2.0), (4.0, 5.0), (50.0, 2.0), (50.0, 6.0), (50.0, 10.0)],
)
def test_false_alarms_stay_within_the_budget(mean: float, dispersion: float) -> None:
    for agent_month in (0.2, 1.0):
        assert false_alarms(mean, dispersion, Budget(agent_month, fleet_week=1e9)) <= agent_month


@pytest.mark.parametrize(("dispersion", "times"), [(5.0, 1.5), (10.0, 5.0)])
@pytest.mark.parametrize("mean", [0.05, 0.3, 4.0])
def test_agents_whose_logins_come_in_clumps_exceed_it_as_documented(
    mean: float, dispersion: float, times: float
) -> None:
    assert false_alarms(mean, dispersion, Budget(0.2, fleet_week=1e9)) <= times * 0.2


def test_two_hundred_agents_are_fitted_in_a_second_and_decided_at_once() -> None:
    counts = fleet(200, 16)
    begun = time.process_time()
    model = fit(counts, tz="Europe/Berlin")
    fitted = time.process_time()
    find_alarms(model, Budget(1.0))
    decided = time.process_time()
    # A shared machine may be slow; the goals proper, 1.0 s and 0.3 s, are measured by the benchmark.
    assert fitted - begun < 4.0
    assert decided - fitted < 0.3
