"""When agents sign in and act: shifts in local time, lunch, weekends, days away; machines by the clock.

Sign-ins are kept regular on purpose, so that what stands out of them is what was planted.
Times are int64 milliseconds since 1970.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from demo.roster import DATA, Agent
from demo.world import DAY_MS, World, milliseconds

Times = NDArray[np.int64]
Flags = NDArray[np.bool_]

_HOUR = 3_600_000
_MINUTE = 60_000
_SHIFT_HOURS = 8.3
_AGAIN = 0.7
_FUMBLED = 0.05
_MACHINE_REFUSED = 0.004
_WEEKEND_WORK = 0.02
_ABSENT = 0.015
_LEAVE = 0.6
_LEAVE_DAYS = (5, 13)
# How busy people are from Monday to Sunday.
_WEEKDAYS = np.array([1.05, 1.1, 1.05, 1.0, 0.85, 1.0, 1.0])
# Share of a shift's acts in each of its ten parts: slow to begin, lunch in the middle, early to end.
_SHIFT = np.array([7, 11, 13, 12, 6, 8, 13, 13, 11, 6])
# Customers shop by day in Europe and India: weight of each UTC hour for machines.
_CUSTOMERS = np.array([3, 3, 4, 5, 6, 7, 8, 8, 9, 9, 9, 8, 8, 9, 10, 10, 9, 8, 8, 7, 6, 5, 4, 3])


@dataclass(frozen=True, slots=True)
class Traffic:
    """Times of an agent's sign-ins, which of them were refused, and times of everything else."""

    logins: Times
    refused: Flags
    acts: Times


def traffic(agent: Agent, world: World, random: np.random.Generator) -> Traffic:
    """What one agent does, in no order, somewhat beyond the bounds of the world."""
    return _machine(agent, world, random) if agent.profile.machine else _person(agent, world, random)


def _person(agent: Agent, world: World, random: np.random.Generator) -> Traffic:
    weekday = np.array([day.weekday() for day in world.dates])
    midnight = np.array(_midnights(agent.zone, world))
    works = np.isin(weekday, agent.days)
    spontaneous = ~works & (random.random(len(weekday)) < _WEEKEND_WORK) & (agent.kind != "support")
    present = _employed(agent, world) & ((works & ~_away(agent, world, random)) | spontaneous)
    late = np.clip(random.normal(0, 9, len(weekday)), -25, 25) * _MINUTE
    start = (midnight + agent.starts * _HOUR + late)[present]
    longer = np.clip(random.normal(0, 0.4, len(weekday)), -1, 1)
    hours = np.where(spontaneous, 2.0, _SHIFT_HOURS + longer)[present]
    busy = agent.profile.acts * _WEEKDAYS[weekday[present]] * hours / _SHIFT_HOURS
    logins, refused = _with_refused(_logins(agent, start, hours, random), _FUMBLED, random)
    return Traffic(logins, refused, _acts(start, hours, busy, random))


@cache
def _midnights(zone: ZoneInfo, world: World) -> list[int]:
    return [milliseconds(datetime(day.year, day.month, day.day, tzinfo=zone)) for day in world.dates]


def _employed(agent: Agent, world: World) -> Flags:
    age = np.array([(world.newest - day).days for day in world.dates])
    joined = np.inf if agent.joined is None else agent.joined
    left = -np.inf if agent.left is None else agent.left
    return (age <= joined) & (age > left)


def _away(agent: Agent, world: World, random: np.random.Generator) -> Flags:
    """Single days, one leave, and the holiday that the whole office shares."""
    day = np.arange(len(world.dates))
    away = random.random(len(day)) < _ABSENT
    first, length = random.integers(len(day)), random.integers(*_LEAVE_DAYS)
    if random.random() < _LEAVE:
        away |= (day >= first) & (day < first + length)
    office = list(DATA["offices"]).index(agent.office)
    return away | (day == world.random(1, office).integers(len(day)) if agent.kind != "support" else False)


def _logins(
    agent: Agent, start: NDArray[np.float64], hours: NDArray[np.float64], random: np.random.Generator
) -> Times:
    """One at the start of each shift, and some spread over it, as sessions expire."""
    again = agent.profile.logins
    spread = (np.arange(1, again + 1) + random.uniform(-0.3, 0.3, (len(start), again))) / (again + 1)
    later = (start[:, None] + spread * hours[:, None] * _HOUR)[random.random(spread.shape) < _AGAIN]
    return np.concatenate([start, later]).astype(np.int64)


def _with_refused(times: Times, share: float, random: np.random.Generator) -> tuple[Times, Flags]:
    """Some sign-ins succeed only at the second attempt, less than a minute after the first."""
    clumsy = times[random.random(len(times)) < share]
    before = clumsy - random.integers(12_000, 48_000, len(clumsy))
    return np.concatenate([times, before]), np.arange(len(times) + len(before)) >= len(times)


def _acts(
    start: NDArray[np.float64],
    hours: NDArray[np.float64],
    mean: NDArray[np.float64],
    random: np.random.Generator,
) -> Times:
    count = random.poisson(mean)
    steps = np.concatenate([[0.0], np.cumsum(_SHIFT) / _SHIFT.sum()])
    fraction = np.interp(random.random(count.sum()), steps, np.linspace(0.01, 1.0, len(steps)))
    times = np.repeat(start, count) + fraction * np.repeat(hours, count) * _HOUR
    return np.asarray(times, dtype=np.int64)


def _machine(agent: Agent, world: World, random: np.random.Generator) -> Traffic:
    midnight = np.array(_midnights(agent.zone, world))
    every = agent.profile.every * _MINUTE
    renewals = np.arange(midnight[0], midnight[-1] + DAY_MS, every) + random.integers(0, every // 3)
    renewals = renewals + random.integers(0, every // 4, len(renewals))
    weekend = np.array([day.weekday() >= 5 for day in world.dates])
    hourly = agent.profile.acts * np.where(weekend, 0.8, 1.0)[:, None] * _CUSTOMERS / _CUSTOMERS.sum()
    count = random.poisson(hourly)
    hour = np.repeat((midnight[:, None] + np.arange(24) * _HOUR).ravel(), count.ravel())
    logins, refused = _with_refused(renewals, _MACHINE_REFUSED, random)
    return Traffic(logins, refused, hour + random.integers(0, _HOUR, len(hour)))
