"""Spikes are not learned from: what an attack leaves of the limits of the days after it."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Budget, Model, find_alarms, fit, fit_unfed
from tests.analysis.spike_series import START, hours, office, with_spike
from tests.conftest import examples

BUDGET = Budget()
FIRST_DAY = 8 * 168
unfed = partial(fit_unfed, tz="UTC", scope="agent", budget=BUDGET, n_series=1)


def frame(counts: np.ndarray) -> pd.DataFrame:
    """One series, or a row a series, from Monday on."""
    table = np.atleast_2d(counts).T
    return pd.DataFrame(table, index=pd.date_range(START, periods=len(table), freq="1h"))


def limits(model: Model, row: int = 0) -> np.ndarray:
    cells = np.full(len(model.buckets), row), np.arange(len(model.buckets))
    return model.upper(BUDGET.log_alpha(model.scope, "1h", 1), cells)


def spikes(model: Model) -> np.ndarray:
    return model.spikes(BUDGET.log_alpha(model.scope, "1h", 1))


def attacked(counts: np.ndarray, days: int, size: int = 25) -> np.ndarray:
    """``size`` more logins from 14:00 to 20:00 on the first ``days`` days of the ninth week."""
    table = counts.copy()
    for day in range(days):
        table[FIRST_DAY + 24 * day + 14 : FIRST_DAY + 24 * day + 20] += size
    return table


@pytest.mark.parametrize("scope", ["agent", "overall"])
def test_an_attack_over_two_days_does_not_raise_its_own_limit(scope: str) -> None:
    usual = np.full(11 * 168, 20.0)
    after = slice(FIRST_DAY + 48, None)
    with_attack = limits(unfed(frame(attacked(usual, 2)), scope=scope))
    assert with_attack[after].max() <= 1.15 * limits(unfed(frame(usual), scope=scope))[after].min()


@pytest.mark.parametrize("seed", range(4))
def test_limits_after_an_attack_are_those_without_it(seed: int) -> None:
    usual = office(11, seed=seed, rate=12.0)
    clean, dirty = (limits(unfed(frame(counts))) for counts in (usual, attacked(usual, 2, size=90)))
    after = slice(FIRST_DAY + 48, None)
    assert (np.abs(dirty - clean)[after] <= np.maximum(0.15 * clean[after], 1.0)).all()


def test_a_job_that_begins_to_run_is_regular_from_its_fourth_day() -> None:
    counts = office(11)
    counts[FIRST_DAY + 2 :: 24] += 300
    is_spike = spikes(unfed(frame(counts)))[0]
    assert np.flatnonzero(is_spike).tolist() == [FIRST_DAY + 2, FIRST_DAY + 26, FIRST_DAY + 50]


def test_a_weekly_job_that_begins_to_run_is_regular_from_its_fourth_week() -> None:
    counts = office(14)
    counts[FIRST_DAY + 2 :: 168] += 300
    is_spike = spikes(unfed(frame(counts)))[0]
    assert np.flatnonzero(is_spike).tolist() == [FIRST_DAY + 2 + 168 * week for week in range(3)]


def test_three_attacks_in_four_weeks_are_not_regular() -> None:
    counts = np.full(13 * 168, 20.0)
    attacks = [FIRST_DAY + 24 * day + 14 for day in (0, 9, 20)]
    dirty = counts.copy()
    dirty[attacks] += 60
    clean, after = (limits(unfed(frame(series))) for series in (counts, dirty))
    assert after[attacks[-1] + 24 :].max() <= 1.15 * clean[attacks[-1] + 24 :].max()


def test_expected_spikes_are_learned_from_and_shown_with_their_counts() -> None:
    counts = frame(attacked(office(11), 2, size=90))
    is_expected = counts >= 60
    model, expected = unfed(counts), unfed(counts, is_expected=is_expected)
    evening = FIRST_DAY + 2 * 24 + 15
    assert limits(expected)[evening] >= 90 > 4 * limits(model)[evening]
    assert (spikes(expected) == spikes(model)).all()
    np.testing.assert_array_equal(expected.counts, model.counts)
    assert is_expected.to_numpy().sum() == spikes(model).sum() == 12


def test_what_is_expected_in_one_series_says_nothing_of_another() -> None:
    counts = frame(np.stack([attacked(office(11), 2, size=90)] * 2))
    is_expected = pd.DataFrame({0: counts[0] >= 60, 1: False}, index=counts.index)
    model = unfed(counts, is_expected=is_expected)
    evening = FIRST_DAY + 2 * 24 + 15
    assert limits(model, 0)[evening] > 4 * limits(model, 1)[evening]


def test_the_last_bucket_is_tested_with_the_count_that_it_has_so_far() -> None:
    counts = office(9)[: FIRST_DAY + 4]
    for so_far, is_spike in ((0, False), (30, True)):
        assert spikes(unfed(frame(with_spike(counts, -1, so_far))))[0, -1] == is_spike


def test_a_number_of_series_for_each_bucket_gives_each_bucket_its_level() -> None:
    counts = frame(with_spike(with_spike(office(11), FIRST_DAY + 3, 9), FIRST_DAY + 27, 9))
    many = np.full(len(counts), 1)
    many[FIRST_DAY + 24 :] = 1_000_000_000
    for n_series, starts in ((1, [3, 27]), (many, [3]), (many[-1], [])):
        model = unfed(counts, n_series=n_series)
        alarms = find_alarms(model, BUDGET, n_series=n_series)
        assert [alarm.start - hours(11)[FIRST_DAY] for alarm in alarms] == [
            pd.Timedelta(hours=hour) for hour in starts
        ]
        log_alpha = BUDGET.log_alpha("agent", "1h", n_series)
        cells = np.zeros(len(counts), int), np.arange(len(counts))
        is_spike = model.spikes(log_alpha)[0]
        assert (
            is_spike == (model.counts[0] > np.nan_to_num(model.upper(log_alpha, cells), nan=np.inf))
        ).all()


QUIET_DAYS = 7


def eventful(seed: int, series: int) -> pd.DataFrame:
    """A quiet week of a few logins an hour, then five days with bursts, most of them at the same two hours."""
    chance = np.random.default_rng(seed)
    days = chance.poisson(3.0, (series, QUIET_DAYS + 5, 24)).astype(float)
    is_burst = chance.random(days.shape) < np.where(np.isin(np.arange(24), [3, 15]), 0.8, 0.02)
    is_burst[:, :QUIET_DAYS] = False
    days += is_burst * chance.integers(0, 120, days.shape)
    days[chance.random(days.shape) < 0.02] = np.nan
    return frame(days.reshape(series, -1))


def bucket_by_bucket(counts: pd.DataFrame, is_expected: pd.DataFrame, **arguments: Any) -> np.ndarray:
    """Which buckets after the quiet week are spikes, each decided when all before it are."""
    is_spike = np.zeros(counts.shape[::-1], bool)
    for end in range(QUIET_DAYS * 24 + 1, len(counts) + 1):
        is_learned = ~is_spike[:, :end] | is_expected.to_numpy().T[:, :end]
        model = fit(counts.iloc[:end], is_learned=is_learned, **arguments)
        is_spike[:, end - 1] = spikes(model)[:, -1]
    return is_spike


@pytest.mark.parametrize(("scope", "tz"), [("agent", "America/New_York"), ("overall", "Asia/Kolkata")])
def test_the_result_is_that_of_deciding_bucket_by_bucket(scope: str, tz: str) -> None:
    counts = eventful(seed=5, series=4)
    is_expected = pd.DataFrame(np.random.default_rng(6).random(counts.shape) < 0.05, index=counts.index)
    model = unfed(counts, tz=tz, scope=scope, is_expected=is_expected)
    assert (spikes(model) != spikes(fit(counts, tz=tz, scope=scope))).any()
    assert (spikes(model) == bucket_by_bucket(counts, is_expected, tz=tz, scope=scope)).all()


@settings(max_examples=examples(100))
@given(seed=st.integers(0, 10_000), scope=st.sampled_from(["agent", "overall"]), end=st.integers(180, 280))
def test_spikes_are_those_of_limits_without_them_and_later_buckets_change_nothing(
    seed: int, scope: str, end: int
) -> None:
    counts = eventful(seed, series=3)
    is_spike = spikes(unfed(counts, scope=scope))
    assert (is_spike == spikes(fit(counts, tz="UTC", scope=scope, is_learned=~is_spike))).all()
    assert (is_spike[:, :end] == spikes(unfed(counts.iloc[:end], scope=scope))).all()
