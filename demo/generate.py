"""The generated log: the traffic of every agent and the planted spikes, in the order of time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from demo.phrases import LOGIN, Phrases, phrases, refusals
from demo.planted import Planted, spike_rows, spikes
from demo.rhythm import traffic
from demo.roster import DATA, Agent, roster
from demo.rows import Rows, rows
from demo.world import World, this_hour

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ADDRESS_WEIGHTS = (0.8, 0.15, 0.05)
_PHONE_SHARE = 0.12
# Numbers that keep the chances of the parts apart; the world's holidays and spikes use 1 and 2.
_PHRASES, _SPIKE_ROWS, _IDS, _TRAFFIC = 3, 4, 5, 6


def generate(
    *, seed: int = 7, days: int = 90, agents: int = 40, until: datetime | None = None
) -> Iterator[dict[str, Any]]:
    """Events of the `days` × 24 hours before `until` (aware; default: the start of the current hour, UTC).

    Each is a mapping of an event's fields, as `ingest.append_many` takes them, in the order of time (UTC).
    The same arguments give the same events with the same `event_id`, so filling a store twice stores
    nothing twice; a later `until`, up to the next 06:00 UTC, only moves the window over the same events.
    Any other change of the arguments gives another log, with other keys.

    Raises ValueError for a naive `until` or a number out of range.
    """
    return _events(World(seed, days, agents, until or this_hour()))


def planted(
    seed: int = 7, until: datetime | None = None, *, days: int = 90, agents: int = 40
) -> list[Planted]:
    """The login spikes within `generate` of the same arguments, oldest first."""
    world = World(seed, days, agents, until or this_hour())
    first = world.until - timedelta(days=days)
    return [spike.facts for spike in spikes(world) if spike.facts.start >= first]


def _events(world: World) -> Iterator[dict[str, Any]]:
    texts = phrases(world.random(_PHRASES))
    log = np.concatenate([*_regular(world, texts), *_planted(world, texts)])
    log = log[np.argsort(log["time"], kind="stable")]
    first, end = world.bounds
    # Keys are drawn before the log is cut, so that they do not depend on where it is cut.
    keys = world.random(_IDS, world.days, world.agents).bytes(16 * len(log)).hex()
    for position in range(*np.searchsorted(log["time"], [first, end]).tolist()):
        yield _event(log[position].item(), keys[32 * position : 32 * position + 32], texts)


def _regular(world: World, texts: Phrases) -> Iterator[Rows]:
    for number, agent in enumerate(roster(world.agents)):
        random = world.random(_TRAFFIC, number)
        times = traffic(agent, world, random)
        machine = agent.profile.machine
        weights = np.array(list(agent.profile.weights.values()))
        share = weights / weights.sum()
        acts: list[str] = random.choice(list(agent.profile.weights), size=len(times.acts), p=share).tolist()
        kinds = [LOGIN] * len(times.logins) + acts
        refused = np.concatenate([times.refused, refusals(acts, random)])
        numbers = texts.numbers(kinds, machine, refused, random)
        yield _from_own_addresses(agent, np.concatenate([times.logins, times.acts]), numbers, random)


def _from_own_addresses(agent: Agent, times: Any, bodies: Any, random: np.random.Generator) -> Rows:
    """Rows of one agent from its own addresses, some of them from a phone."""
    weights = np.array(_ADDRESS_WEIGHTS[: len(agent.addresses)])
    index = random.choice(len(agent.addresses), size=len(times), p=weights / weights.sum())
    phone = (random.random(len(times)) < _PHONE_SHARE) & (len(agent.clients) > 1)
    client = np.where(phone, agent.clients[-1], agent.clients[0])
    return rows(times, agent.name, bodies, np.array(agent.addresses, dtype=object)[index], client)


def _planted(world: World, texts: Phrases) -> Iterator[Rows]:
    random = world.random(_SPIKE_ROWS)
    for spike in spikes(world):
        yield from spike_rows(spike, texts, random)


def _event(row: tuple[int, str, int, str, int], key: str, texts: Phrases) -> dict[str, Any]:
    time, agent, body, address, client_number = row
    activity, description, target, outcome, metadata = texts.bodies[body]
    client = DATA["clients"][client_number]
    return {
        "agent": agent,
        "activity": activity,
        "description": description,
        "occurred_at": _EPOCH + timedelta(milliseconds=time),
        "outcome": outcome,
        "source_ip": address,
        "target": target,
        "source": client["source"],
        # Random bits in the form of a UUIDv4 (RFC 9562, 5.4).
        "event_id": f"{key[:8]}-{key[8:12]}-4{key[13:16]}-8{key[17:20]}-{key[20:]}",
        "metadata": metadata | {"user_agent": client["user_agent"]},
    }
