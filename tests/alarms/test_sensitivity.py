"""Sensitivity in words."""

import pytest

from alarms import Sensitivity


@pytest.mark.parametrize(
    ("months", "weeks", "agents", "words"),
    [
        (5, 2, 40, "about 1 false alarm per agent in 5 months, and 1 in 2 weeks on each overall chart"),
        (1, 1, 10, "about 1 false alarm per agent per month, and 1 per week on each overall chart"),
        (
            5,
            2,
            1000,
            "about 10 false alarms a week over all 1,000 agents, and 1 in 2 weeks on each overall chart",
        ),
    ],
)
def test_a_sensitivity_is_a_rate_of_false_alarms(
    months: float, weeks: float, agents: int, words: str
) -> None:
    assert Sensitivity("own", months, weeks).false_alarms(agents) == words


@pytest.mark.parametrize("figures", [{"months": 0}, {"weeks": -1}, {"fleet_week": 0}])
def test_a_rate_is_above_zero(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(figures))} is .* give a number above 0"):
        Sensitivity(**{"name": "own", "months": 1, "weeks": 1} | figures)
