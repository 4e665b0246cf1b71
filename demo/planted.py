"""The login spikes planted in the generated log: what spikes.toml describes, as facts and as rows."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.phrases import LOGIN, Phrases, refusals
from demo.roster import Agent, roster
from demo.rows import Rows, rows
from demo.world import World, milliseconds

_DATA: dict[str, Any] = tomllib.loads(Path(__file__).with_name("spikes.toml").read_text(encoding="utf-8"))
_RISE = 2.5  # sign-ins up to a share t of the time grow as t to this power


@dataclass(frozen=True, slots=True)
class Planted:
    """A planted spike: `count` sign-ins of `agents` in [`start`, `end`), UTC, in addition to their regular ones.

    `source_ip` is the one address they come from, or None where there are several.
    """

    kind: str
    agents: tuple[str, ...]
    start: datetime
    end: datetime
    count: int
    source_ip: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Spike:
    """A planted spike with what its rows are made of: sign-ins of each agent, and the addresses."""

    facts: Planted
    entry: dict[str, Any]
    agents: tuple[Agent, ...]
    attempts: tuple[int, ...]
    addresses: tuple[str, ...]


def spikes(world: World) -> list[Spike]:
    """The spikes of a world in the order of time, those before its first event included."""
    random = world.random(2)
    unseen = iter([f"198.51.100.{host}" for host in random.permutation(np.arange(1, 255))])
    free = [agent for agent in roster(world.agents) if agent.steady]
    planted = [spike for entry in _DATA["spikes"] if (spike := _spike(entry, world, free, unseen, random))]
    return sorted(planted, key=lambda spike: spike.facts.start)


def _spike(
    entry: dict[str, Any], world: World, free: list[Agent], unseen: Iterator[str], random: np.random.Generator
) -> Spike | None:
    candidates = [agent for agent in free if agent.kind in entry["choose"]]
    if not candidates:
        return None
    order = random.permutation(len(candidates))[: entry["agents"]]
    agents = tuple(candidates[index] for index in sorted(order))
    if len(agents) == 1:
        free.remove(agents[0])  # no agent is the only one of two spikes
    least, most = entry["attempts"]
    attempts = tuple(random.integers(least, most + 1, len(agents)).tolist())
    addresses = tuple(next(unseen) for _ in range(entry["addresses"])) or agents[0].addresses[:1]
    start = _start(entry, world)
    facts = Planted(
        kind=entry["kind"],
        agents=tuple(agent.name for agent in agents),
        start=start,
        end=start + timedelta(minutes=entry["minutes"]),
        count=sum(attempts),
        source_ip=addresses[0] if len(addresses) == 1 else None,
        note=entry["note"],
    )
    return Spike(facts, entry, agents, attempts, addresses)


def _start(entry: dict[str, Any], world: World) -> datetime:
    day = world.newest - timedelta(days=entry["days_ago"])
    if "weekday" in entry:
        day -= timedelta(days=(day.weekday() - entry["weekday"]) % 7)
    return datetime.combine(day, time(), UTC) + timedelta(hours=entry["hour"])


def spike_rows(spike: Spike, phrases: Phrases, random: np.random.Generator) -> Iterator[Rows]:
    """The rows of a spike, and of what an intruder does once inside."""
    first, last = milliseconds(spike.facts.start), milliseconds(spike.facts.end)
    for agent, attempts in zip(spike.agents, spike.attempts, strict=True):
        share = np.sort(random.random(attempts) ** (1 / _RISE if "rising" in spike.entry else 1.0))
        refused = random.random(attempts) < spike.entry["failed"]
        if "takeover" in spike.entry:
            refused[-1] = False
        bodies = phrases.numbers([LOGIN] * attempts, agent.profile.machine, refused, random)
        yield _from_outside(spike, agent, first + (share * (last - first)).astype(np.int64), bodies, random)
        acts = spike.entry.get("takeover", [])
        after = last + np.cumsum(random.integers(40_000, 200_000, len(acts)))
        bodies = phrases.numbers(acts, False, refusals(acts, random), random)
        yield _from_outside(spike, agent, after, bodies, random)


def _from_outside(
    spike: Spike,
    agent: Agent,
    times: NDArray[np.int64],
    bodies: NDArray[np.int64],
    random: np.random.Generator,
) -> Rows:
    address = np.array(spike.addresses, dtype=object)[random.integers(len(spike.addresses), size=len(times))]
    return rows(times, agent.name, bodies, address, spike.entry["client"])
