"""What is usual: a mean and a variance for every slot, learned from the days before it alone.

The mean of an hour of the week leans on that hour of its kind of day (working day or weekend), which leans
on the mean of all hours; the less was seen, the more. The variance is negative-binomial, as in outbreak
surveillance (Farrington et al. 1996, J. R. Statist. Soc. A 159:547; Noufaily et al. 2013, Statist. Med.
32:1206). Past spikes are cut before they are learned from, so that an attack does not excuse the next one.
Arrays are (series, days, slots of a day).
"""

from dataclasses import dataclass

import numpy as np

from analysis.grid import Grid
from analysis.tail import Floats
from analysis.windows import past_median, past_second_highest, past_sum, past_weeks_sum

ROUNDS = 2
WEEKS = 8
NOISE_DAYS = 42
LEVEL_DAYS = 14
PRECEDENT_DAYS = 28
SMALL_MEAN = 2.0


@dataclass(frozen=True)
class Baseline:
    """``mean`` and ``variance`` of the count of each slot, and ``precedent``, the second-highest day
    of the slot and its neighbours in the 28 days before."""

    mean: Floats
    variance: Floats
    precedent: Floats


@dataclass(frozen=True)
class _Seen:
    """Which slots were observed, and how many in each window that a mean is taken over."""

    slot: Floats
    hours: Floats
    kind: Floats
    week: Floats


@dataclass(frozen=True)
class _Noise:
    """``dispersion`` D and ``spread`` K of the variance ``D·mean + K·mean²``; (series, days, 1)."""

    dispersion: Floats
    spread: Floats


def learn(counts: Floats, grid: Grid, breathing: bool) -> Baseline:
    """The baseline of ``counts`` (NaN where nothing was collected).

    ``breathing`` series, those of the whole house, also follow what their last six hours say.
    """
    raw, seen = np.nan_to_num(counts), _count_seen(np.isfinite(counts).astype(float), grid)
    precedent = past_second_highest(np.maximum(raw, np.maximum(*_neighbours(raw, grid))), PRECEDENT_DAYS)
    days = (*raw.shape[:2], 1)
    cut, noise = raw, _Noise(np.full(days, 1.0), np.full(days, 0.0025))
    for _ in range(ROUNDS):
        mean, events = _mean(cut, seen, noise.dispersion, grid)
        if breathing:
            mean = mean * _rush(cut, mean, seen.slot, noise.dispersion)
        noise = _noise(cut, mean, _variance(mean, events, noise), seen.slot, grid)
        variance = _variance(mean, events, noise)
        limit = mean * (1.0 + 3.0 * np.sqrt(variance) / mean) ** 1.5
        # What has a precedent is a habit (a nightly job), so it is learned whole; so are the first two days.
        kept = np.where(seen.hours < 2 * grid.slots, np.inf, np.maximum(np.maximum(limit, precedent), 5.0))
        cut = np.minimum(raw, kept)
    return Baseline(mean, variance, precedent)


def _count_seen(slot: Floats, grid: Grid) -> _Seen:
    hours = past_sum(slot.sum(2, keepdims=True), 7 * WEEKS)
    return _Seen(slot, hours, _kind_sum(slot, grid), past_weeks_sum(slot, WEEKS))


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


def _mean(cut: Floats, seen: _Seen, dispersion: Floats, grid: Grid) -> tuple[Floats, Floats]:
    """The mean of each slot, and the number of events that it rests on."""
    hourly = (past_sum(cut.sum(2, keepdims=True), 7 * WEEKS) + 0.5) / (seen.hours + 1.0)
    # A clump of logins is one piece of evidence, so the lean is measured in clumps (dispersions), not logins.
    kind = (dispersion / 2 + _kind_sum(cut, grid)) / (dispersion / 2 / hourly + seen.kind)
    events = dispersion + past_weeks_sum(cut, WEEKS)
    mean = events / (dispersion / kind + seen.week)
    return mean * _level(cut, mean, seen.slot, dispersion), events


def _level(cut: Floats, mean: Floats, seen: Floats, dispersion: Floats) -> Floats:
    """How much busier the last fortnight was than its baseline, 0.8 to 2; few events pull it to 1."""
    events = cut.sum(2)
    ratio = (events + 5.0) / ((mean * seen).sum(2) + 5.0)
    recent = past_sum(events, LEVEL_DAYS)
    trust = recent / (recent + 20.0 * dispersion[:, :, 0])
    level = 1.0 + (past_median(ratio, LEVEL_DAYS, 1.0) - 1.0) * trust
    return np.clip(level, 0.8, 2.0)[:, :, None]


def _rush(cut: Floats, mean: Floats, seen: Floats, dispersion: Floats) -> Floats:
    """The root of how busy the last six slots were against their mean, 0.7 to 1.5."""
    flat = (len(cut), cut.shape[1] * cut.shape[2])
    events = past_sum(cut.reshape(flat), 6).reshape(cut.shape)
    usual = past_sum((mean * seen).reshape(flat), 6).reshape(cut.shape)
    return np.sqrt(np.clip((20.0 * dispersion + events) / (20.0 * dispersion + usual), 0.7, 1.5))


def _variance(mean: Floats, events: Floats, noise: _Noise) -> Floats:
    """Of a new count: its own noise and, as D·mean²/events, that of the mean."""
    return mean * (noise.dispersion + mean * (noise.spread + noise.dispersion / events))


def _noise(cut: Floats, mean: Floats, variance: Floats, seen: Floats, grid: Grid) -> _Noise:
    """D from slots of small mean, K from the others, by six weeks of squared errors.

    Errors are bounded, and slots beside a jump left out: a job that ran late says nothing about noise.
    """
    before, after = _neighbours(mean, grid)
    steady = (np.maximum(before, after) <= 4.0 * mean) & (np.minimum(before, after) * 4.0 >= mean)
    error = np.minimum((cut - mean) ** 2, np.maximum(6.0 * variance, 64.0))
    few = seen * (steady & (mean < SMALL_MEAN))
    many = seen * (steady & (mean >= SMALL_MEAN))

    def total(values: Floats) -> Floats:
        return past_sum(values.sum(2, keepdims=True), NOISE_DAYS)

    def per_event(which: Floats) -> Floats:
        # Until much was seen, logins are taken to come in clumps: most agents' D lies below 200/30.
        return (total(error * which) + 200.0) / (total(mean * which) + 30.0)

    dispersion = np.maximum(1.0, np.minimum(per_event(few), per_event(many)))
    excess = total(error * many) - dispersion * total(mean * many)
    square = total(mean**2 * many)
    return _Noise(dispersion, np.clip(excess / np.maximum(square, 1e-9), 0.0025, 1.0))
