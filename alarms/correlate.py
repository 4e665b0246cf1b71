"""Alarms that are one happening, told as one: an attack on an agent shows among all logins, too, and the failed ones.

An alarm over many agents belongs to the alarms of those agents that make up half of its excess. Of the agents that
have one in its hours, these are the one with the largest part of the excess and those with at least half of that
part: a small attack in the hour of a large one stays an alarm of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from alarms.login_alarm import LoginAlarm
from alarms.watch import OVERALL, Watch
from analysis import Model
from analysis.tail import Floats

SHARE = 0.5
"""Of the larger excess, from which on two alarms are about the same logins."""


def joined(watch: Watch, found: Iterable[LoginAlarm]) -> list[LoginAlarm]:
    """One alarm for each happening, the least likely first; the others of it, in the same order, are its `also`."""
    ranked = sorted(found, key=lambda alarm: (-alarm.spike.score, alarm.key.start, alarm.key.text))
    seen = [_Seen(watch, place, alarm) for place, alarm in enumerate(ranked)]
    group = list(range(len(ranked)))
    for one, other in _links(seen):
        first, second = sorted((group[one.place], group[other.place]))
        group = [first if each == second else each for each in group]
    together = [
        [ranked[place] for place in np.flatnonzero(np.equal(group, each))] for each in sorted({*group})
    ]
    return [replace(alarms[0], also=tuple(alarms[1:])) for alarms in together]


@dataclass(frozen=True)
class _Seen:
    """An alarm at its `place` in the list, with what was counted beyond the usual."""

    watch: Watch
    place: int
    alarm: LoginAlarm

    @cached_property
    def model(self) -> Model:
        return self.watch.fleet if self.alarm.key.agent else self.watch.overall

    @cached_property
    def hours(self) -> tuple[int, int]:
        """First and end, as places in the hours of the watch."""
        first, end = self.model.buckets.searchsorted([self.alarm.spike.start, self.alarm.spike.end])
        return int(first), int(end)

    def excess(self, first: int, end: int) -> Floats:
        """In each of these hours; all of it where nothing is known to be usual."""
        row = self.model.series.get_loc(self.alarm.key.agent or self.alarm.key.kind)
        counts, expected = (values[row, first:end] for values in (self.model.counts, self.model.expected))
        excess: Floats = np.maximum(np.nan_to_num(counts - np.nan_to_num(expected)), 0.0)
        return excess

    def failed(self, first: int, end: int) -> Floats:
        """The failed logins of the alarm's agent in each of these hours."""
        logins = self.watch.logins
        agent = int(np.flatnonzero(logins.agents == self.alarm.key.agent)[0])
        own = slice(*np.searchsorted(logins.agent, [agent, agent + 1]))
        near = (logins.hour[own] >= first) & (logins.hour[own] < end)
        hour, failed = logins.hour[own][near] - first, logins.failed[own][near].astype(np.float64)
        return np.bincount(hour, failed, minlength=end - first).astype(np.float64)

    def part_of(self, wide: "_Seen") -> float:
        """How much of the excess of a wide alarm is that of this agent or, of all logins, failed ones."""
        first, end = max(self.hours[0], wide.hours[0]), min(self.hours[1], wide.hours[1])
        if first >= end:
            return 0.0
        own = self.excess(first, end)
        if self.alarm.key.agent and wide.alarm.counts_failed:
            own = np.minimum(own, self.failed(first, end))
        if wide.alarm.key.kind == "agents":
            own = np.minimum(own, 1.0)
        return float(own.sum() / max(wide.excess(*wide.hours).sum(), 1.0))


def _links(seen: Sequence[_Seen]) -> Iterable[tuple[_Seen, _Seen]]:
    """Pairs that are one happening."""
    agents = [each for each in seen if each.alarm.key.agent]
    spread = []
    for wide in (each for each in seen if not each.alarm.key.agent):
        behind = _behind(wide, agents)
        yield from ((wide, agent) for agent in behind)
        if not behind:
            spread.append(wide)
    for pair in combinations(spread, 2):
        smaller, larger = sorted(pair, key=lambda each: OVERALL.index(each.alarm.key.kind), reverse=True)
        part = smaller.part_of(larger)
        # What no agent explains is spread over many, and more agents in the same hours are those.
        if part >= SHARE or (part > 0 and smaller.alarm.key.kind == "agents"):
            yield smaller, larger


def _behind(wide: _Seen, agents: Sequence[_Seen]) -> list[_Seen]:
    """The agents that make up half of a wide alarm's excess together, none if they do not."""
    parts = [(agent.part_of(wide), agent) for agent in agents]
    largest = max((part for part, _ in parts), default=0.0)
    leading = [(part, agent) for part, agent in parts if part > 0 and part >= SHARE * largest]
    return [agent for _, agent in leading] if sum(part for part, _ in leading) >= SHARE else []
