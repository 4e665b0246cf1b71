"""Worlds of hourly logins with labelled attacks, the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WARM_WEEKS = 5
"""Weeks without attacks, which are not scored."""

SPRAY = "password spray"
_ATTACKS_A_WEEK = 0.1
_SPRAYS_A_WEEK = 0.7
_SIZES = {"burst": (15, 60), "at an unused hour": (6, 15), "over two days": (20, 60)}


@dataclass(frozen=True)
class Attack:
    """`count` more logins an hour in `hours` (positions), of one agent, or of each of many where `agent` is empty."""

    kind: str
    agent: str
    hours: tuple[int, ...]
    count: int


@dataclass(frozen=True)
class World:
    """Hourly logins (a row an hour in naive UTC, a column an agent) and the attacks that they contain."""

    logins: pd.DataFrame
    attacks: tuple[Attack, ...]

    @property
    def overall(self) -> pd.DataFrame:
        """All logins and how many agents logged in, a row an hour."""
        return pd.DataFrame({"all": self.logins.sum(axis=1), "agents": (self.logins > 0).sum(axis=1)})


def world(seed: int, *, agents: int = 40, weeks: int = 16) -> World:
    """People, services, nightly jobs and agents whose logins come in clumps, a quarter of each."""
    chance = np.random.default_rng(seed)
    hours = pd.date_range("2026-01-05", periods=weeks * 168, freq="1h")
    profiles = [_PROFILES[number % len(_PROFILES)] for number in range(agents)]
    names = [f"{profile}-{number}" for number, profile in enumerate(profiles)]
    counts = np.stack([_counts(profile, hours, chance) for profile in profiles])
    attacks = [attack for row in range(agents) for attack in _attacks(names[row], counts[row], chance)]
    for attack in attacks:
        counts[names.index(attack.agent), list(attack.hours)] += attack.count
    sprays = [*_sprays(weeks, chance)]
    for spray in sprays:
        is_tried = chance.random(agents) < 0.8
        counts[np.ix_(is_tried, np.array(spray.hours))] += spray.count
    return World(pd.DataFrame(counts.T, index=hours, columns=names), (*attacks, *sprays))


_PROFILES = ("person", "service", "job", "clumps")


def _counts(profile: str, hours: pd.DatetimeIndex, chance: np.random.Generator) -> NDArray[np.float64]:
    """Negative-binomial counts of one agent; the variance is `dispersion` times the mean."""
    mean, dispersion = np.full(len(hours), 0.02), 1.5
    if profile == "person":
        is_busy = (hours.hour >= 8) & (hours.hour < 18) & (hours.day_of_week < 5)
        mean[is_busy] = chance.uniform(0.5, 6.0)
    elif profile == "service":
        mean[:] = 10 ** chance.uniform(0.0, 2.0)
    elif profile == "job":
        mean[hours.hour == chance.integers(24)] = 10 ** chance.uniform(1.5, 2.5)
    else:
        mean[:], dispersion = 10 ** chance.uniform(-1.0, 0.5), 4.0
    return chance.negative_binomial(mean / (dispersion - 1.0), 1.0 / dispersion).astype(float)


def _attacks(agent: str, counts: NDArray[np.float64], chance: np.random.Generator) -> Iterator[Attack]:
    """Attacks of one agent, at least three days apart; large agents get larger ones."""
    first = WARM_WEEKS * 168
    days = np.arange(first // 24, len(counts) // 24 - 3, 3)
    size = chance.poisson(_ATTACKS_A_WEEK * (len(counts) - first) / 168)
    for day in np.sort(chance.choice(days, min(size, len(days)), replace=False)).tolist():
        kind = str(chance.choice([*_SIZES]))
        least, most = _SIZES[kind]
        hour = int(chance.integers(24))
        if kind == "at an unused hour":
            unused = np.flatnonzero(counts[:first].reshape(-1, 24).sum(axis=0) <= 1)
            if not len(unused):
                continue
            hour = int(chance.choice(unused))
        start = 24 * day + hour
        hours = {"burst": (start, start + 1), "over two days": (start, start + 1, start + 24, start + 25)}
        usual = counts[:first].reshape(-1, 24).mean(axis=0).max() if kind != "at an unused hour" else 0.0
        yield Attack(kind, agent, hours.get(kind, (start,)), int(chance.integers(least, most) + 2 * usual))


def _sprays(weeks: int, chance: np.random.Generator) -> Iterator[Attack]:
    """A few logins of most agents within one hour."""
    first = WARM_WEEKS * 168
    for _ in range(round(_SPRAYS_A_WEEK * (weeks - WARM_WEEKS))):
        yield Attack(SPRAY, "", (int(chance.integers(first, weeks * 168 - 24)),), int(chance.integers(2, 5)))
