"""Attacks found and false alarms of one world."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from analysis import DAYS_A_MONTH, Alarm, Budget, find_alarms, fit_unfed
from benchmarks.spikes_eval.worlds import SPRAY, WARM_WEEKS, Attack, World

_HOUR = pd.Timedelta("1h")
_CLOSE = 3 * _HOUR


@dataclass(frozen=True)
class Score:
    """`found` of `planted` attacks by kind, and false alarms with the time that they were counted over."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    agent_alarms: int = 0
    agent_months: float = 0.0
    overall_alarms: int = 0
    overall_weeks: float = 0.0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.planted + other.planted,
            self.found + other.found,
            self.agent_alarms + other.agent_alarms,
            self.agent_months + other.agent_months,
            self.overall_alarms + other.overall_alarms,
            self.overall_weeks + other.overall_weeks,
        )

    @property
    def false_alarms_a_month(self) -> float:
        """False alarms per agent and month."""
        return self.agent_alarms / self.agent_months

    @property
    def false_alarms_a_week(self) -> float:
        """False alarms per overall series and week."""
        return self.overall_alarms / self.overall_weeks

    @property
    def table(self) -> str:
        """The figures as a table in Markdown."""
        rows = [
            f"| {kind} | {self.found[kind]} of {planted} | {self.found[kind] / planted:.2f} |"
            for kind, planted in sorted(self.planted.items())
        ]
        return "\n".join(["| attack | found | share |", "|---|---|---|", *rows])


def score(world: World, budget: Budget | None = None) -> Score:
    """Judge every series of a world; an attack is found when an alarm of its series touches one of its hours."""
    budget = budget or Budget()
    first, weeks = world.logins.index[WARM_WEEKS * 168], len(world.logins) / 168 - WARM_WEEKS
    agents = [alarm for alarm in _alarms(world.logins, "agent", budget) if alarm.start >= first]
    overall = [alarm for alarm in _alarms(world.overall, "overall", budget) if alarm.start >= first]
    starts = world.logins.index
    return Score(
        planted=Counter(attack.kind for attack in world.attacks),
        found=Counter(
            attack.kind
            for attack in world.attacks
            if _touches(overall if attack.kind == SPRAY else agents, attack, starts)
        ),
        agent_alarms=_false(agents, world.attacks, starts),
        agent_months=world.logins.shape[1] * weeks * 7 / DAYS_A_MONTH,
        overall_alarms=_false(overall, world.attacks, starts),
        overall_weeks=2 * weeks,
    )


def _alarms(counts: pd.DataFrame, scope: str, budget: Budget) -> list[Alarm]:
    n_series = counts.shape[1]
    model = fit_unfed(counts, tz="UTC", scope=scope, budget=budget, n_series=n_series)
    return find_alarms(model, budget)


def _touches(alarms: Iterable[Alarm], attack: Attack, starts: pd.Index) -> bool:
    return any(
        attack.agent in ("", alarm.series)
        and any(alarm.start < starts[hour] + _HOUR and starts[hour] < alarm.end for hour in attack.hours)
        for alarm in alarms
    )


def _false(alarms: Iterable[Alarm], attacks: Iterable[Attack], starts: pd.Index) -> int:
    """Alarms that no attack explains: in an agent's series one of that agent or of all, overall any."""
    return sum(
        not any(
            (alarm.series in ("all", "agents") or attack.agent in ("", alarm.series))
            and any(
                alarm.start < starts[hour] + _CLOSE and starts[hour] < alarm.end + _CLOSE
                for hour in attack.hours
            )
            for attack in attacks
        )
        for alarm in alarms
    )
