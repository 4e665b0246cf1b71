"""A stream of events that happen now, for the live view."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from demo.generate import generate
from demo.world import World

_WEEK = timedelta(days=7)
_AROUND = timedelta(hours=1)


def trickle(*, seed: int, agents: int, now: datetime) -> Iterator[dict[str, Any]]:
    """Endless events without a time or a key, so that each happens when it is appended.

    They are those of the same hours a week before `now` (aware), where no spike is planted, shuffled, so that the
    agents are those who work at this hour. They repeat after one or two hundred; an hour at one a second is a spike.
    """
    events = list(generate(seed=seed, days=8, agents=agents, until=now))
    same = [event for event in events if abs(event["occurred_at"] - (now - _WEEK)) < _AROUND] or events
    order = World(seed, 8, agents, now).random(7).permutation(len(same))
    for index in cycle(order.tolist()):
        yield {name: value for name, value in same[index].items() if name not in ("occurred_at", "event_id")}
