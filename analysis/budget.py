"""A budget of false alarms, and the significance level that it allows each test."""

from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from analysis.grid import SLOTS
from analysis.tail import Floats

DAYS_A_MONTH = 30.44


@dataclass(frozen=True)
class Budget:
    """At most so many false alarms per agent and month, over all agents a week, per overall chart a week.

    Measured over mixed fleets (benchmarks/spikes.md), a quarter of it is used. It holds for agents whose hourly
    variance is up to three times the mean, and is exceeded up to 1.5 times where it is five times the mean, up to
    five times where it is ten times the mean.
    Raises ValueError where a figure is not above zero.
    """

    agent_month: float = 0.2
    fleet_week: float = 10.0
    overall_week: float = 0.5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ValueError(f"{name} is {value!r}: a budget of false alarms must be above 0")

    @overload
    def log_alpha(self, scope: str, freq: str, n_series: int) -> float: ...
    @overload
    def log_alpha(self, scope: str, freq: str, n_series: NDArray[np.int64]) -> Floats: ...
    def log_alpha(self, scope: str, freq: str, n_series: int | NDArray[np.int64]) -> float | Floats:
        """ln of the significance level: the budget over the number of tests. ``scope`` and ``freq`` as for ``fit``.

        With ``n_series`` an array, a number for each bucket, so is the result.
        """
        slots = SLOTS[freq]
        fleet = np.maximum(n_series, 1)
        of_agent = self.agent_month / (DAYS_A_MONTH * slots)
        of_fleet = self.fleet_week / (7 * slots * fleet)
        of_overall = self.overall_week / (7 * slots)
        level = np.minimum(of_agent, of_fleet) if scope == "agent" else np.full(np.shape(fleet), of_overall)
        log_alpha: Floats = np.log(np.minimum(level, 0.5))
        return log_alpha if isinstance(n_series, np.ndarray) else float(log_alpha)
