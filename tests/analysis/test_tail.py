"""The upper tail of the negative-binomial distribution against sums that anyone can check."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tail import log_gamma, log_incomplete_beta, log_tail, tail_quantile

MEANS = st.floats(0.001, 5000.0)
EXCESS = st.floats(0.05, 50.0)
LOG_ALPHA = st.floats(-60.0, -0.7)


def one(value: float) -> np.ndarray:
    return np.array([value], dtype=float)


def summed(count: int, mean: float, variance: float) -> float:
    """P(Y ≥ count) by adding up the probabilities below it."""
    size = mean * mean / (variance - mean)
    q = mean / (mean + size)
    below = [
        math.exp(
            math.lgamma(k + size)
            - math.lgamma(size)
            - math.lgamma(k + 1)
            + size * math.log1p(-q)
            + k * math.log(q)
        )
        for k in range(count)
    ]
    return 1.0 - math.fsum(below)


@pytest.mark.parametrize("x", [1e-6, 0.01, 0.5, 1.0, 2.0, 7.5, 100.0, 1e5, 1e8])
def test_log_gamma(x: float) -> None:
    assert log_gamma(one(x))[0] == pytest.approx(math.lgamma(x), rel=1e-10, abs=1e-9)


@pytest.mark.parametrize(
    ("count", "mean", "variance"),
    [(1, 0.1, 0.5), (5, 1.0, 3.0), (9, 2.5, 2.6), (40, 20.0, 90.0), (3, 20.0, 90.0)],
)
def test_the_tail_is_one_minus_the_sum_below(count: int, mean: float, variance: float) -> None:
    tail = math.exp(log_tail(one(count), one(mean), one(variance))[0])
    assert tail == pytest.approx(summed(count, mean, variance), rel=1e-7)


def test_a_whole_beta_is_a_binomial_sum() -> None:
    # I_x(a, b) with whole a, b is P(at least a successes in a + b − 1 trials of x): A & S 26.5.24.
    a, b, x = 4, 9, Fraction(3, 10)
    exact = sum(math.comb(a + b - 1, k) * x**k * (1 - x) ** (a + b - 1 - k) for k in range(a, a + b))
    assert math.exp(log_incomplete_beta(one(0.3), one(a), one(b))[0]) == pytest.approx(float(exact), rel=1e-9)


def test_a_tail_too_small_for_a_float_is_still_a_number() -> None:
    assert -1e5 < log_tail(one(5000.0), one(1.0), one(1.1))[0] < -2000.0


@given(mean=MEANS, excess=EXCESS, log_alpha=LOG_ALPHA)
def test_the_quantile_is_the_largest_count_above_the_level(
    mean: float, excess: float, log_alpha: float
) -> None:
    mu, variance = one(mean), one(mean * (1.0 + excess))
    upper = tail_quantile(one(log_alpha), mu, variance)
    assert log_tail(upper + 1.0, mu, variance)[0] <= log_alpha
    assert upper[0] == 0.0 or log_tail(upper, mu, variance)[0] > log_alpha


@given(mean=MEANS, excess=EXCESS, count=st.integers(1, 20_000))
def test_more_is_less_likely(mean: float, excess: float, count: int) -> None:
    mu, variance = one(mean), one(mean * (1.0 + excess))
    fewer, more = (log_tail(one(value), mu, variance)[0] for value in (count, count + 1))
    assert more <= fewer <= 0.0
