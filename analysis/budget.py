"""A budget of false alarms, and the significance level that it allows each test."""

import math
from dataclasses import dataclass

from analysis.grid import SLOTS

DAYS_A_MONTH = 30.44


@dataclass(frozen=True)
class Budget:
    """At most so many false alarms per agent and month, over all agents a week, per overall chart a week.

    Measured over mixed fleets (benchmarks/spikes.md), a third of it is used. It is exceeded, up to 2.3 times,
    for agents whose logins come in clumps, with a variance of five times the mean.
    Raises ValueError where a figure is not above zero.
    """

    agent_month: float = 0.2
    fleet_week: float = 10.0
    overall_week: float = 0.5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name} is {value!r}: a budget of false alarms must be above 0")

    def log_alpha(self, scope: str, freq: str, n_series: int) -> float:
        """ln of the significance level: the budget over the number of tests. ``scope`` and ``freq`` as for ``fit``."""
        slots = SLOTS[freq]
        if scope == "overall":
            return math.log(min(self.overall_week / (7 * slots), 0.5))
        of_agent = self.agent_month / (DAYS_A_MONTH * slots)
        of_fleet = self.fleet_week / (7 * slots * max(n_series, 1))
        return math.log(min(of_agent, of_fleet, 0.5))
