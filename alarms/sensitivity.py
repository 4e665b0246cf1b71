"""Sensitivity: how often a false alarm is acceptable."""

from dataclasses import dataclass

from analysis import DAYS_A_MONTH, Budget
from audit_store.quantities import counted


@dataclass(frozen=True)
class Sensitivity:
    """At most one false alarm per agent in so many `months`, and on each overall chart in so many `weeks`.

    A large fleet has at most `fleet_week` false alarms a week. Raises ValueError where a figure is not above zero.
    """

    name: str
    months: float
    weeks: float
    fleet_week: float = 10.0

    def __post_init__(self) -> None:
        for field in ("months", "weeks", "fleet_week"):
            if not getattr(self, field) > 0:
                raise ValueError(f"{field} is {getattr(self, field)!r}: give a number above 0")

    @property
    def budget(self) -> Budget:
        """The same as the budget of the test."""
        return Budget(agent_month=1 / self.months, fleet_week=self.fleet_week, overall_week=1 / self.weeks)

    def false_alarms(self, agents: int = 1) -> str:
        """In words: "about 1 false alarm per agent in 5 months, and 1 in 2 weeks on each overall chart".

        `agents` is the size of the fleet; a large one shares `fleet_week`.
        """
        if agents / self.months / (DAYS_A_MONTH / 7) > self.fleet_week:
            of_fleet = counted(self.fleet_week, "false alarm", decimals=1)
            of_agents = f"about {of_fleet} a week over all {counted(agents, 'agent')}"
        else:
            of_agents = f"about 1 false alarm per agent {_every(self.months, 'month')}"
        return f"{of_agents}, and 1 {_every(self.weeks, 'week')} on each overall chart"


def _every(length: float, unit: str) -> str:
    return f"per {unit}" if length == 1 else f"in {counted(length, unit, decimals=1)}"


SENSITIVITIES = (
    Sensitivity("highest", months=1, weeks=1),
    Sensitivity("high", months=2, weeks=1),
    Sensitivity("usual", months=5, weeks=2),
    Sensitivity("low", months=10, weeks=4),
    Sensitivity("lowest", months=20, weeks=8),
)
"""The choices, the most sensitive first. The false alarms measured over mixed fleets are about a third of these; the
shares of attacks found stand in benchmarks/spikes.md."""

DEFAULT_SENSITIVITY = SENSITIVITIES[2]


def is_alarm_at(name: str, sensitivity: Sensitivity) -> bool:
    """Whether an alarm whose least sensitive choice has this name is one at a sensitivity, too.

    An unknown name is that of a later version, and an alarm at every sensitivity.
    """
    names = [choice.name for choice in SENSITIVITIES]
    return name not in names or names.index(name) >= names.index(sensitivity.name)
