"""The baseline: a mean and a variance for every slot, estimated from the days before it alone.

The mean of an hour of the week is shrunk towards that hour of its kind of day (working day or weekend), and
that one towards the mean of all hours; the more events were counted, the less. The variance is
negative-binomial, as in outbreak surveillance (Farrington et al. 1996, J. R. Statist. Soc. A 159:547;
Noufaily et al. 2013, Statist. Med. 32:1206). Past spikes are clipped before they are learned from, so that
an attack does not raise the limit for the next one. Arrays are (series, days, slots of a day).
"""

from dataclasses import dataclass

import numpy as np

from analysis.grid import Grid
from analysis.tail import Floats
from analysis.windows import past_highest, past_median, past_sum, past_weeks_highest, past_weeks_sum

ROUNDS = 2
WEEKS = 8
NOISE_DAYS = 7 * WEEKS
LEVEL_DAYS = 14
PRECEDENT_DAYS = 28
SMALL_MEAN = 2.0
ENOUGH_LARGE = 100.0
DISPERSION_MARGIN = 0.4


@dataclass(frozen=True)
class Baseline:
    """``mean`` and ``variance`` of the count of each slot, and ``precedent``, the count that the slot
    or a neighbour had reached on two or three of the 28 days before."""

    mean: Floats
    variance: Floats
    precedent: Floats


@dataclass(frozen=True)
class _Observed:
    """``slot``: 1 where a slot was observed, else 0; the others: how many slots each mean is taken over."""

    slot: Floats
    hours: Floats
    kind: Floats
    week: Floats


@dataclass(frozen=True)
class _Noise:
    """``dispersion`` D and ``spread`` K of the variance ``D·mean + K·mean²``; (series, days, 1)."""

    dispersion: Floats
    spread: Floats


def learn(counts: Floats, learned: Floats, grid: Grid, adaptive: bool) -> Baseline:
    """The baseline of ``counts`` (NaN where nothing was collected).

    ``learned``: the same, NaN also where a count is not learned from. ``adaptive``: fleet-wide series are
    also scaled by how busy their last six hours were.
    """
    raw = np.nan_to_num(learned)
    observed = _observed(np.isfinite(learned).astype(float), grid)
    precedent = _precedent(counts, learned, grid)
    days = (*raw.shape[:2], 1)
    clipped, noise = raw, _Noise(np.full(days, 1.0), np.full(days, 0.0025))
    for _ in range(ROUNDS):
        mean, events = _mean(clipped, observed, noise.dispersion, grid)
        if adaptive:
            mean = mean * _recent_hours(clipped, mean, observed.slot, noise.dispersion)
        noise = _noise(clipped, mean, _variance(mean, events, noise), observed.slot, grid)
        variance = _variance(mean, events, noise)
        limit = mean * (1.0 + 3.0 * np.sqrt(variance) / mean) ** 1.5
        # A count with a precedent is regular, such as a nightly job's, and not clipped; nor are the first two days.
        highest = np.maximum(np.maximum(limit, precedent), 5.0)
        clipped = np.minimum(raw, np.where(observed.hours < 2 * grid.slots, np.inf, highest))
    return Baseline(mean, variance, precedent)


def _precedent(counts: Floats, learned: Floats, grid: Grid) -> Floats:
    """The second-highest day of the counts that are learned from, or what came regularly of those that are not.

    Regular is what came on three days of a week, or on the same weekday of three weeks in four. So an attack on
    two days leaves no precedent, and a job that begins to run has one from its fourth day.
    """
    usual = past_highest(_with_neighbours(learned, grid), PRECEDENT_DAYS, 2)
    unlearned = np.where(np.isnan(learned), np.nan_to_num(counts), 0.0)
    if not unlearned.any():
        return usual
    nearby = _with_neighbours(unlearned, grid)
    return np.maximum(usual, np.maximum(past_highest(nearby, 7, 3), past_weeks_highest(nearby, 4, 3)))


def _with_neighbours(counts: Floats, grid: Grid) -> Floats:
    """The highest of each slot and its neighbours; NaN counts as 0."""
    raw = np.nan_to_num(counts)
    return np.maximum(raw, np.maximum(*_neighbours(raw, grid)))


def _observed(slot: Floats, grid: Grid) -> _Observed:
    hours = past_sum(slot.sum(2, keepdims=True), 7 * WEEKS)
    return _Observed(slot, hours, _kind_sum(slot, grid), past_weeks_sum(slot, WEEKS))


def _neighbours(values: Floats, grid: Grid) -> tuple[Floats, Floats]:
    """The slot before and the slot after each slot, across midnight; whole days have no neighbours."""
    if grid.slots == 1:
        return values, values
    flat = values.reshape(len(values), values.shape[1] * grid.slots)
    before = np.concatenate([flat[:, :1], flat[:, :-1]], axis=1)
    after = np.concatenate([flat[:, 1:], flat[:, -1:]], axis=1)
    return before.reshape(values.shape), after.reshape(values.shape)


def _kind_sum(values: Floats, grid: Grid) -> Floats:
    """Sum over the hour and its neighbours on past days of the same kind, working day or weekend."""
    if grid.slots > 1:
        before, after = _neighbours(values, grid)
        values = before + values + after
    working = (grid.weekday < 5)[:, None]
    on_working = past_sum(np.where(working, values, 0.0), 7 * WEEKS)
    return np.where(working, on_working, past_sum(np.where(working, 0.0, values), 7 * WEEKS))


def _mean(clipped: Floats, observed: _Observed, dispersion: Floats, grid: Grid) -> tuple[Floats, Floats]:
    """The mean of each slot, and the number of events that it rests on."""
    hourly = (past_sum(clipped.sum(2, keepdims=True), 7 * WEEKS) + 0.5) / (observed.hours + 1.0)
    # A clump of logins is one piece of evidence, so the shrinkage is measured in clumps (dispersions), not logins.
    kind = (dispersion / 2 + _kind_sum(clipped, grid)) / (dispersion / 2 / hourly + observed.kind)
    events = dispersion + past_weeks_sum(clipped, WEEKS)
    mean = events / (dispersion / kind + observed.week)
    return mean * _recent_days(clipped, mean, observed.slot, dispersion), events


def _recent_days(clipped: Floats, mean: Floats, slot: Floats, dispersion: Floats) -> Floats:
    """How much busier the last fortnight was than its baseline, 0.8 to 2; few events pull it to 1."""
    events = clipped.sum(2)
    ratio = (events + 5.0) / ((mean * slot).sum(2) + 5.0)
    recent = past_sum(events, LEVEL_DAYS)
    weight = recent / (recent + 20.0 * dispersion[:, :, 0])
    level = 1.0 + (past_median(ratio, LEVEL_DAYS, 1.0) - 1.0) * weight
    return np.clip(level, 0.8, 2.0)[:, :, None]


def _recent_hours(clipped: Floats, mean: Floats, slot: Floats, dispersion: Floats) -> Floats:
    """The square root of how busy the last six slots were against their mean, that ratio within 0.7 to 1.5."""
    flat = (len(clipped), clipped.shape[1] * clipped.shape[2])
    events = past_sum(clipped.reshape(flat), 6).reshape(clipped.shape)
    expected = past_sum((mean * slot).reshape(flat), 6).reshape(clipped.shape)
    return np.sqrt(np.clip((20.0 * dispersion + events) / (20.0 * dispersion + expected), 0.7, 1.5))


def _variance(mean: Floats, events: Floats, noise: _Noise) -> Floats:
    """The variance of a new count: its own noise, and that of the mean, D·mean²/events."""
    return mean * (noise.dispersion + mean * (noise.spread + noise.dispersion / events))


def _noise(clipped: Floats, mean: Floats, variance: Floats, slot: Floats, grid: Grid) -> _Noise:
    """D from slots of small mean, K from the others, by eight weeks of squared errors.

    Errors are bounded, and slots beside a jump of the mean are left out: a job that ran late is not noise.
    """
    before, after = _neighbours(mean, grid)
    steady = (np.maximum(before, after) <= 4.0 * mean) & (np.minimum(before, after) * 4.0 >= mean)
    error = np.minimum((clipped - mean) ** 2, np.maximum(16.0 * variance, 200.0))
    is_large = mean >= SMALL_MEAN
    small, large = slot * (steady & ~is_large), slot * (steady & is_large)
    dispersion = _dispersion(error, mean, small, large)
    excess = _past_total(error * large) - dispersion * _past_total(mean * large)
    square = _past_total(mean**2 * large)
    return _Noise(dispersion, np.clip(excess / np.maximum(square, 1e-9), 0.0025, 1.0))


def _dispersion(error: Floats, mean: Floats, small: Floats, large: Floats) -> Floats:
    """D, the lower of its estimates from small and large slots, and a margin for how few clumps it rests on."""

    def per_event(slots: Floats) -> Floats:
        # With few observations logins are assumed to come in clumps: most agents' D lies below 200/30.
        return (_past_total(error * slots) + 200.0) / (_past_total(mean * slots) + 30.0)

    of_large = np.where(_past_total(mean * large) < ENOUGH_LARGE, np.inf, per_event(large))
    dispersion = np.maximum(1.0, np.minimum(per_event(small), of_large))
    events = _past_total(mean * (small + large)) + 30.0
    return dispersion * (1.0 + DISPERSION_MARGIN * dispersion / np.sqrt(events))


def _past_total(values: Floats) -> Floats:
    return past_sum(values.sum(2, keepdims=True), NOISE_DAYS)
