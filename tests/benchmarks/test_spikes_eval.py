"""The evaluation of the detection of login spikes, on small worlds."""

import pandas as pd
import pytest

from analysis import Budget
from benchmarks.spikes_eval.__main__ import main
from benchmarks.spikes_eval.scoring import Score, score
from benchmarks.spikes_eval.worlds import SPRAY, WARM_WEEKS, world

SIZE = {"agents": 12, "weeks": 8}


def test_the_same_seed_gives_the_same_world() -> None:
    first, second = (world(3, **SIZE) for _ in range(2))
    pd.testing.assert_frame_equal(first.logins, second.logins)
    assert first.attacks == second.attacks
    assert world(4, **SIZE).attacks != first.attacks


def test_labels_are_hours_with_the_logins_that_they_name() -> None:
    planted = world(3, **SIZE)
    for attack in planted.attacks:
        assert min(attack.hours) >= WARM_WEEKS * 168
        hours = planted.logins.iloc[list(attack.hours)]
        agents = [attack.agent] if attack.agent else hours.columns
        assert (hours[agents].max(axis=1) >= attack.count).all()


LEAST_SHARES = {"at an unused hour": 0.5, "burst": 0.9, "over two days": 0.9, SPRAY: 0.6}


def test_most_attacks_are_found_and_false_alarms_stay_within_the_budget() -> None:
    total = sum((score(world(seed)) for seed in (1, 2)), Score())
    assert total.planted.keys() == LEAST_SHARES.keys()
    for kind, share in LEAST_SHARES.items():
        assert total.found[kind] >= share * total.planted[kind], total.table
    assert total.false_alarms_a_month <= Budget().agent_month
    assert total.false_alarms_a_week <= Budget().overall_week


def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--worlds", "1"])
    printed = capsys.readouterr().out
    assert "| attack | found | share |" in printed
    assert "false alarms per agent and month (budget 0.2)" in printed
