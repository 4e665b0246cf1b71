"""Joins alarms about the same logins: an attack on one agent also shows among all logins and among the failed ones.

An alarm over many agents is joined with the alarms of those agents that make up half of its excess. Of the agents that
have an alarm in its hours, these are the one with the largest share of the excess and those with at least half of
that share: a small attack in the hour of a large one stays an alarm of its own.
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

LEAST_SHARE = 0.5
"""The share of the larger excess from which on two alarms are about the same logins."""


def correlate(watch: Watch, alarms: Iterable[LoginAlarm]) -> list[LoginAlarm]:
    """Join the alarms about the same logins, the least likely first; the others of a group are its `also`."""
    ranked = sorted(alarms, key=lambda alarm: (-alarm.spike.score, alarm.key.start, alarm.key.text))
    candidates = [_Candidate(watch, position, alarm) for position, alarm in enumerate(ranked)]
    group = list(range(len(ranked)))
    for first, second in _pairs(candidates):
        kept, joined = sorted((group[first.position], group[second.position]))
        group = [kept if number == joined else number for number in group]
    groups = [[ranked[i] for i in np.flatnonzero(np.equal(group, number))] for number in sorted({*group})]
    return [replace(members[0], also=tuple(members[1:])) for members in groups]


@dataclass(frozen=True)
class _Candidate:
    """An alarm, its `position` in the list, and its excess: what was counted beyond the expected."""

    watch: Watch
    position: int
    alarm: LoginAlarm

    @cached_property
    def model(self) -> Model:
        return self.watch.fleet if self.alarm.key.agent else self.watch.overall

    @cached_property
    def hours(self) -> tuple[int, int]:
        """First and end, as positions in the hours of the watch."""
        first, end = self.model.buckets.searchsorted([self.alarm.spike.start, self.alarm.spike.end])
        return int(first), int(end)

    def excess(self, first: int, end: int) -> Floats:
        """The excess in each of these hours; the whole count where nothing is expected yet."""
        row = self.model.series.get_loc(self.alarm.key.agent or self.alarm.key.kind)
        counts, expected = (values[row, first:end] for values in (self.model.counts, self.model.expected))
        excess: Floats = np.maximum(np.nan_to_num(counts - np.nan_to_num(expected)), 0.0)
        return excess

    def failed(self, first: int, end: int) -> Floats:
        """The failed logins of the alarm's agent in each of these hours."""
        logins = self.watch.logins
        rows = logins.rows_of(self.alarm.key.agent)
        is_near = (logins.hour[rows] >= first) & (logins.hour[rows] < end)
        hour, failed = logins.hour[rows][is_near] - first, logins.failed[rows][is_near].astype(np.float64)
        return np.bincount(hour, failed, minlength=end - first).astype(np.float64)

    def share_of(self, wide: "_Candidate") -> float:
        """The share of the excess of an alarm over many agents that is this agent's or, of all logins, failed."""
        first, end = max(self.hours[0], wide.hours[0]), min(self.hours[1], wide.hours[1])
        if first >= end:
            return 0.0
        excess = self.excess(first, end)
        if self.alarm.key.agent and wide.alarm.counts_failed:
            excess = np.minimum(excess, self.failed(first, end))
        if wide.alarm.key.kind == "agents":
            excess = np.minimum(excess, 1.0)
        return float(excess.sum() / max(wide.excess(*wide.hours).sum(), 1.0))


def _pairs(candidates: Sequence[_Candidate]) -> Iterable[tuple[_Candidate, _Candidate]]:
    """Pairs of alarms about the same logins."""
    of_agents = [candidate for candidate in candidates if candidate.alarm.key.agent]
    unexplained = []
    for wide in (candidate for candidate in candidates if not candidate.alarm.key.agent):
        leading = _leading(wide, of_agents)
        yield from ((wide, agent) for agent in leading)
        if not leading:
            unexplained.append(wide)
    for pair in combinations(unexplained, 2):
        smaller, larger = sorted(pair, key=lambda wide: OVERALL.index(wide.alarm.key.kind), reverse=True)
        share = smaller.share_of(larger)
        # What no single agent explains is spread over many, and more agents in the same hours are those.
        if share >= LEAST_SHARE or (share > 0 and smaller.alarm.key.kind == "agents"):
            yield smaller, larger


def _leading(wide: _Candidate, of_agents: Sequence[_Candidate]) -> list[_Candidate]:
    """The agents that together make up half of the excess of an alarm over many, none if they do not."""
    shares = [(agent.share_of(wide), agent) for agent in of_agents]
    largest = max((share for share, _ in shares), default=0.0)
    leading = [(share, agent) for share, agent in shares if share > 0 and share >= LEAST_SHARE * largest]
    return [agent for _, agent in leading] if sum(share for share, _ in leading) >= LEAST_SHARE else []
