"""What the judging of login spikes makes of the generated log: the planted ones, and the limits after them."""

import importlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from analysis import Alarm, Budget, Model, find_alarms, fit_unfed
from demo import Planted, generate
from tests.demo.demo_log import PLANTED, UNTIL, hourly

BUDGET = Budget()
CLOSE = timedelta(hours=8)


class Judged(NamedTuple):
    """Models of each agent's logins, and of all logins, failed logins and agents an hour."""

    agents: Model
    overall: Model


def judged(logins: pd.DataFrame, agents: Iterable[str]) -> Judged:
    by_agent = hourly(logins).reindex(columns=sorted(agents), fill_value=0)
    failed = hourly(logins[logins["outcome"] == "failure"]).sum(axis=1)
    overall = pd.DataFrame(
        {"all": by_agent.sum(axis=1), "failed": failed, "agents": (by_agent > 0).sum(axis=1)}
    )
    fitted: Callable[..., Model] = fit_unfed
    return Judged(
        fitted(by_agent, tz="UTC", scope="agent", budget=BUDGET, n_series=by_agent.shape[1]),
        fitted(overall, tz="UTC", scope="overall", budget=BUDGET, n_series=3),
    )


@pytest.fixture(scope="module")
def attacked(logins: pd.DataFrame) -> Judged:
    return judged(logins, set(logins["agent"]))


@pytest.fixture(scope="module")
def quiet(logins: pd.DataFrame) -> Judged:
    """The same log without its planted spikes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("demo.generate"), "spike_rows", lambda *_: iter(()))
        events: list[dict[str, Any]] = [
            event for event in generate(until=UNTIL) if event["activity"] == "Login"
        ]
    assert len(events) < len(logins) - sum(spike.count for spike in PLANTED) + 1
    return judged(pd.DataFrame(events), set(logins["agent"]))


def is_close(alarm: Alarm, spike: Planted) -> bool:
    return abs(alarm.start - spike.start.replace(tzinfo=None)) < CLOSE


def limits(model: Model) -> pd.DataFrame:
    rows, columns = np.indices(model.counts.shape)
    log_alpha = BUDGET.log_alpha(model.scope, "1h", len(model.series))
    upper = model.upper(log_alpha, (rows.ravel(), columns.ravel())).reshape(rows.shape)
    return pd.DataFrame(upper.T, index=model.buckets, columns=model.series)


class Limits(NamedTuple):
    """The most logins an hour that are no alarm, by hour and series."""

    agents: pd.DataFrame
    overall: pd.DataFrame


@pytest.fixture(scope="module")
def attacked_limits(attacked: Judged) -> Limits:
    return Limits(*map(limits, attacked))


@pytest.fixture(scope="module")
def quiet_limits(quiet: Judged) -> Limits:
    return Limits(*map(limits, quiet))


def test_every_planted_spike_is_found_and_no_other_agent(attacked: Judged) -> None:
    alarms = find_alarms(attacked.agents, BUDGET)
    sprays = [spike for spike in PLANTED if spike.kind == "password spray"]
    expected = {(agent, spike.start) for spike in PLANTED if spike not in sprays for agent in spike.agents}
    found = {
        (alarm.series, spike.start)
        for alarm in alarms
        for spike in PLANTED
        if alarm.series in spike.agents and is_close(alarm, spike)
    }
    assert found == expected
    assert len(alarms) == len(expected)
    overall = find_alarms(attacked.overall, BUDGET)
    assert {spike.kind for spike in sprays for alarm in overall if is_close(alarm, spike)} == {
        "password spray"
    }
    assert sum(not any(is_close(alarm, spike) for spike in PLANTED) for alarm in overall) <= 1


@pytest.mark.parametrize("spike", PLANTED, ids=lambda spike: f"{spike.kind} {spike.start:%d %b}")
def test_the_days_after_a_planted_spike_have_the_limits_of_a_log_without_it(
    attacked_limits: Limits, quiet_limits: Limits, spike: Planted
) -> None:
    end = pd.Timestamp(spike.end.replace(tzinfo=None)).ceil("1h")
    for series, with_spike, without in (
        ([*spike.agents], attacked_limits.agents, quiet_limits.agents),
        (["all", "failed", "agents"], attacked_limits.overall, quiet_limits.overall),
    ):
        upper, usual = (all_limits.loc[end:, series] for all_limits in (with_spike, without))
        # Hours of an attack that are no spikes are learned from, such as a spray's four logins of an agent.
        change = (upper - usual).abs()
        assert (change <= np.maximum(0.15 * usual, 3.0)).all(axis=None), change.max().to_dict()
