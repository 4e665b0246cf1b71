"""Joins alarms about the same logins: an attack on one agent also shows among all logins and among the failed ones.

An alarm over many agents is joined with the alarms of those agents that make up half of its excess. Of the agents that
have an alarm in its hours, these are the one with the largest share of the excess and those with at least half of
that share: a small attack in the hour of a large one stays an alarm of its own. Alarms are joined if this is so up to
the end of any of their hours, so that those joined once stay so while hours are added.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alarms.detector.models import Judged
from alarms.login_alarm import LoginAlarm, together
from alarms.watch import OVERALL
from analysis import Model
from analysis.tail import Floats

LEAST_SHARE = 0.5
"""The share of the larger excess from which on two alarms are about the same logins."""

Flags = NDArray[np.bool_]


def correlate(judged: Judged, alarms: Iterable[LoginAlarm]) -> list[LoginAlarm]:
    """Join the alarms about the same logins, the least likely first; the others of a group are its `also`.

    The first of a group is the least likely one in the hour in which the group starts.
    """
    ranked = sorted(alarms, key=lambda alarm: (-alarm.spike.score, alarm.key.start, alarm.key.text))
    candidates = [_Candidate(judged, position, alarm) for position, alarm in enumerate(ranked)]
    group = list(range(len(ranked)))
    for first, second in _pairs(candidates):
        kept, joined = sorted((group[first.position], group[second.position]))
        group = [kept if number == joined else number for number in group]
    groups = [[candidates[i] for i in np.flatnonzero(np.equal(group, number))] for number in sorted({*group})]
    return [_joined(members) for members in groups]


@dataclass(frozen=True)
class _Candidate:
    """An alarm, its `position` in the list, and its excess: what was counted beyond the expected."""

    judged: Judged
    position: int
    alarm: LoginAlarm

    @cached_property
    def model(self) -> Model:
        return self.judged.fleet if self.alarm.key.agent else self.judged.overall

    @cached_property
    def row(self) -> Any:
        return self.model.series.get_loc(self.alarm.key.agent or self.alarm.key.kind)

    @cached_property
    def hours(self) -> tuple[int, int]:
        """First and end, as positions in the judged hours."""
        first, end = self.model.buckets.searchsorted([self.alarm.spike.start, self.alarm.spike.end])
        return int(first), int(end)

    @property
    def first_log_p(self) -> float:
        """How improbable its first hour is."""
        return float(self.model.log_p[self.row, self.hours[0]])

    def excess(self, first: int, end: int) -> Floats:
        """The excess in each of these hours; the whole count where nothing is expected yet."""
        counts, expected = (
            values[self.row, first:end] for values in (self.model.counts, self.model.expected)
        )
        excess: Floats = np.maximum(np.nan_to_num(counts - np.nan_to_num(expected)), 0.0)
        return excess

    def failed(self, first: int, end: int) -> Floats:
        """The failed logins of the alarm's agent in each of these hours."""
        logins = self.judged.watch.logins
        rows = logins.rows_of(self.alarm.key.agent)
        is_near = (logins.hour[rows] >= first) & (logins.hour[rows] < end)
        hour, failed = logins.hour[rows][is_near] - first, logins.failed[rows][is_near].astype(np.float64)
        return np.bincount(hour, failed, minlength=end - first).astype(np.float64)

    def shares_of(self, wide: "_Candidate") -> Floats:
        """The share of the excess of an alarm over many agents that is this agent's or, of all logins, failed.

        It is that of the hours up to each of the hours of `wide`.
        """
        first, end = max(self.hours[0], wide.hours[0]), min(self.hours[1], wide.hours[1])
        excess = np.zeros(wide.hours[1] - wide.hours[0])
        if first < end:
            own = self.excess(first, end)
            if self.alarm.key.agent and wide.alarm.counts_failed:
                own = np.minimum(own, self.failed(first, end))
            if wide.alarm.key.kind == "agents":
                own = np.minimum(own, 1.0)
            excess[first - wide.hours[0] : end - wide.hours[0]] = own
        shares: Floats = np.cumsum(excess) / np.maximum(np.cumsum(wide.excess(*wide.hours)), 1.0)
        return shares


def _pairs(candidates: Sequence[_Candidate]) -> Iterator[tuple[_Candidate, _Candidate]]:
    """Pairs of alarms about the same logins."""
    of_agents = [candidate for candidate in candidates if candidate.alarm.key.agent]
    unexplained: list[tuple[_Candidate, Flags]] = []
    for wide in (candidate for candidate in candidates if not candidate.alarm.key.agent):
        near = [agent for agent in of_agents if _overlap(agent, wide)]
        is_leading, is_explained = _leading(wide, near)
        yield from ((wide, near[number]) for number in np.flatnonzero(is_leading.any(axis=1)))
        unexplained.append((wide, ~is_explained))
    for pair in combinations(unexplained, 2):
        smaller, larger = sorted(pair, key=lambda wide: OVERALL.index(wide[0].alarm.key.kind), reverse=True)
        if _overlap(smaller[0], larger[0]) and _are_spread(*smaller, *larger):
            yield smaller[0], larger[0]


def _overlap(first: _Candidate, second: _Candidate) -> bool:
    return first.hours[0] < second.hours[1] and second.hours[0] < first.hours[1]


def _leading(wide: _Candidate, agents: Sequence[_Candidate]) -> tuple[Flags, Flags]:
    """Which agents together make up half of the excess of an alarm over many, up to each of its hours.

    Gives a row an agent, all False in an hour in which they do not, and the hours in which they do.
    """
    nobody = np.zeros((0, wide.hours[1] - wide.hours[0]))
    shares = np.vstack([nobody, *(agent.shares_of(wide) for agent in agents)])
    is_leading = (shares > 0) & (shares >= LEAST_SHARE * shares.max(axis=0, initial=0.0))
    is_explained = np.where(is_leading, shares, 0.0).sum(axis=0) >= LEAST_SHARE
    return is_leading & is_explained, is_explained


def _are_spread(smaller: _Candidate, is_spread: Flags, larger: _Candidate, is_larger_spread: Flags) -> bool:
    """Whether two alarms over many agents, in hours in which no single agents explain them, are about the same."""
    hours = np.arange(*larger.hours) - smaller.hours[0]
    is_open = is_larger_spread & (hours >= 0) & is_spread[np.clip(hours, 0, len(is_spread) - 1)]
    shares = smaller.shares_of(larger)
    # What no single agent explains is spread over many, and more agents in the same hours are those.
    least = np.nextafter(0.0, 1.0) if smaller.alarm.key.kind == "agents" else LEAST_SHARE
    return bool((is_open & (shares >= least)).any())


def _joined(members: Sequence[_Candidate]) -> LoginAlarm:
    first = min(members, key=lambda member: (member.hours[0], member.first_log_p, member.alarm.key.text))
    return together(first.alarm, [member.alarm for member in members if member is not first])
