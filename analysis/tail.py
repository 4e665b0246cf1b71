"""How unlikely a count is: the upper tail of the negative-binomial distribution, in numpy alone.

The distribution is given by its mean and variance, variance > mean. With ``r = mean² / (variance − mean)``
and ``q = mean / (mean + r)`` its upper tail is a regularised incomplete beta, ``P(Y ≥ y) = I_q(y, r)``
(Abramowitz & Stegun 26.5.26). Probabilities are natural logarithms, so 1e-400 is still a number.
Arguments are arrays of one shape.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_HALF_LOG_TWO_PI = 0.9189385332046727
_SMALLEST = 1e-300


def log_gamma(x: Floats) -> Floats:
    """ln Γ(x) for x > 0, to about 1e-9: Stirling's series shifted by seven (A & S 6.1.41)."""
    z = x + 7.0
    product = x * (x + 1) * (x + 2) * (x + 3) * (x + 4) * (x + 5) * (x + 6)
    series = (1 / 12 - (1 / 360 - 1 / (1260 * z * z)) / (z * z)) / z
    return (z - 0.5) * np.log(z) - z + _HALF_LOG_TWO_PI + series - np.log(product)


def log_incomplete_beta(x: Floats, a: Floats, b: Floats) -> Floats:
    """ln I_x(a, b) for 0 < x < 1 and a, b > 0."""
    mirrored = x >= (a + 1.0) / (a + b + 2.0)
    x, a, b = np.where(mirrored, 1.0 - x, x), np.where(mirrored, b, a), np.where(mirrored, a, b)
    front = log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * np.log(x) + b * np.log1p(-x) - np.log(a)
    near = np.minimum(front + np.log(_continued_fraction(x, a, b)), -_SMALLEST)
    return np.where(mirrored, np.log(-np.expm1(near)), near)


def _continued_fraction(x: Floats, a: Floats, b: Floats) -> Floats:
    """Lentz's evaluation of the incomplete beta's fraction (A & S 26.5.8); x < (a + 1) / (a + b + 2)."""
    c = np.ones_like(x)
    d = 1.0 / _nonzero(1.0 - (a + b) * x / (a + 1.0))
    value = change = d
    for m in range(1, 1000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _nonzero(1.0 + term * d)
            c = _nonzero(1.0 + term / c)
            change = c * d
            value = value * change
        if np.all(np.abs(change - 1.0) < 1e-9):
            break
    return value


def _nonzero(x: Floats) -> Floats:
    return np.where(np.abs(x) < _SMALLEST, _SMALLEST, x)


def log_tail(count: Floats, mean: Floats, variance: Floats) -> Floats:
    """ln P(Y ≥ count) for Y of this mean > 0 and variance > mean; count > 0."""
    size = mean * mean / (variance - mean)
    return log_incomplete_beta(mean / (mean + size), count, size)


def tail_quantile(log_alpha: Floats, mean: Floats, variance: Floats) -> Floats:
    """The largest whole count above the significance level: u with P(Y ≥ u) > alpha ≥ P(Y ≥ u + 1)."""
    low, high = np.zeros_like(mean), np.ceil(mean)
    while np.any(is_likely := log_tail(high, mean, variance) > log_alpha):
        low, high = np.where(is_likely, high, low), np.where(is_likely, 2.0 * high, high)
    while np.any(high - low > 1.0):
        middle = np.maximum(np.floor((low + high) / 2.0), 1.0)
        is_likely = log_tail(middle, mean, variance) > log_alpha
        low, high = np.where(is_likely, middle, low), np.where(is_likely, high, middle)
    return low
