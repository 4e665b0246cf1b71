"""Sensitivity as a promise: how often chance alone may raise an alarm."""

from dataclasses import dataclass

from analysis import Budget

_WEEKS_A_MONTH = 30.44 / 7


@dataclass(frozen=True)
class Sensitivity:
    """At most one chance alarm per agent in so many `months`, and on each overall chart in so many `weeks`.

    Raises ValueError where a figure is not above zero.
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
        """The same as the budget that the test spends."""
        return Budget(agent_month=1 / self.months, fleet_week=self.fleet_week, overall_week=1 / self.weeks)

    def promise(self, agents: int = 1) -> str:
        """In words: "about one chance alarm per agent in 5 months, and one in 2 weeks on each overall chart".

        A fleet of so many `agents` shares `fleet_week`, which then is what is promised.
        """
        if agents / self.months / _WEEKS_A_MONTH > self.fleet_week:
            whose = f"about {_number(self.fleet_week)} chance alarms a week over all {agents:,} agents"
        else:
            whose = f"about one chance alarm per agent {_every(self.months, 'month')}"
        return f"{whose}, and one {_every(self.weeks, 'week')} on each overall chart"


def _every(length: float, unit: str) -> str:
    return f"a {unit}" if length == 1 else f"in {_number(length)} {unit}s"


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


SENSITIVITIES = (
    Sensitivity("highest", months=1, weeks=1),
    Sensitivity("high", months=2, weeks=1),
    Sensitivity("usual", months=5, weeks=2),
    Sensitivity("low", months=10, weeks=4),
    Sensitivity("lowest", months=20, weeks=8),
)
"""What a reader may choose from, the most sensitive first. The chance alarms measured over mixed fleets are about
a third of those promised; the shares of attacks found stand in benchmarks/spikes.md."""

USUAL = SENSITIVITIES[2]
