"""Sums and ranks over past days, against the plain way to take them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.windows import past_highest, past_median, past_sum, past_weeks_highest, past_weeks_sum

VALUES = arrays(
    float, st.tuples(st.integers(0, 3), st.integers(0, 40), st.just(2)), elements=st.integers(0, 99)
)
WIDTH = st.integers(1, 60)


@given(values=VALUES, width=WIDTH)
def test_past_sums(values: np.ndarray, width: int) -> None:
    sums = past_sum(values, width)
    assert sums.shape == values.shape
    for day in range(values.shape[1]):
        assert sums[:, day] == pytest.approx(values[:, max(day - width, 0) : day].sum(axis=1))


@given(values=VALUES, weeks=st.integers(1, 8))
def test_the_same_weekday_of_past_weeks(values: np.ndarray, weeks: int) -> None:
    sums = past_weeks_sum(values, weeks)
    for day in range(values.shape[1]):
        same = [day - 7 * back for back in range(1, weeks + 1) if day >= 7 * back]
        assert sums[:, day] == pytest.approx(values[:, same].sum(axis=1))


@given(values=VALUES, weeks=st.integers(1, 8), rank=st.integers(1, 3))
def test_the_highest_of_the_same_weekday(values: np.ndarray, weeks: int, rank: int) -> None:
    highest = past_weeks_highest(values, weeks, rank)
    for weekday in range(min(7, values.shape[1])):
        assert (highest[:, weekday::7] == past_highest(values[:, weekday::7], weeks, rank)).all()


@given(values=VALUES, width=WIDTH, rank=st.integers(1, 4))
def test_the_highest_of_a_rank(values: np.ndarray, width: int, rank: int) -> None:
    highest = past_highest(values, width, rank)
    for day in range(values.shape[1]):
        past = np.sort(values[:, max(day - width, 0) : day], axis=1)
        expected = past[:, -rank] if past.shape[1] >= rank else np.zeros_like(highest[:, day])
        assert highest[:, day] == pytest.approx(expected)


@given(values=VALUES, width=WIDTH)
def test_the_median_fills_in_missing_days(values: np.ndarray, width: int) -> None:
    flat = values[:, :, 0]
    median = past_median(flat, width, 1.0)
    for day in range(flat.shape[1]):
        past = flat[:, max(day - width, 0) : day]
        padded = np.concatenate([np.ones((len(flat), width - past.shape[1])), past], axis=1)
        assert median[:, day] == pytest.approx(np.median(padded, axis=1))
