"""What a reviewer looks at: the alarms of a period, the worst first, and the charts behind them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alarms.correlate import joined
from alarms.login_alarm import NAMES, LoginAlarm, local, login_alarm, noun_of
from alarms.sensitivity import USUAL, Sensitivity
from alarms.status import State, series_state, state_of
from alarms.watch import OVERALL, Watch, in_period, touches
from analysis import Model, alarms, band


@dataclass(frozen=True)
class Series:
    """One chart. `frame` has a row an hour of the period: bucket (naive local start), count, expected, upper,
    is_spike, state (analysis.STATES) and learning_day, as `analysis.band` says them. `noun` is what it counts,
    in the plural."""

    kind: str
    name: str
    noun: str
    frame: pd.DataFrame
    state: State


@dataclass(frozen=True)
class Review:
    """Alarms that touch the period, one a happening, the least likely first; `series` by kind, those of
    watch.OVERALL; `promise` the sensitivity in words."""

    alarms: tuple[LoginAlarm, ...]
    series: dict[str, Series]
    state: State
    promise: str


def review(watch: Watch, sensitivity: Sensitivity = USUAL) -> Review:
    """Judge a watch. Alarms of single agents are those of the filter's agents, judged as part of the whole fleet."""
    found = [
        *_found(watch, watch.overall, sensitivity, dict(zip(OVERALL, OVERALL, strict=True))),
        *_found(watch, watch.fleet, sensitivity, dict.fromkeys(watch.logins.agents[watch.chosen], "agent")),
    ]
    return Review(
        alarms=tuple(joined(watch, found)),
        series={kind: _series(watch, watch.overall, kind, kind, sensitivity) for kind in OVERALL},
        state=state_of(watch),
        promise=sensitivity.promise(max(watch.n_agents, 1)),
    )


def agent_series(watch: Watch, agent: str, sensitivity: Sensitivity = USUAL) -> Series:
    """The chart of one agent. Raises KeyError for an agent without logins in the period or its history."""
    return _series(watch, watch.agent_model(agent), "agent", agent, sensitivity)


def _found(
    watch: Watch, model: Model, sensitivity: Sensitivity, kinds: dict[object, str] | dict[str, str]
) -> list[LoginAlarm]:
    if not len(model.buckets):
        return []
    return [
        login_alarm(watch, kinds[spike.series], spike)
        for spike in alarms(model, sensitivity.budget, n_series=watch.n_agents)
        if spike.series in kinds and touches(spike.start, spike.end, watch.shown)
    ]


def _series(watch: Watch, model: Model, kind: str, name: str, sensitivity: Sensitivity) -> Series:
    frame = band(model, name, sensitivity.budget, n_series=max(watch.n_agents, 1))
    near = frame[in_period(pd.DatetimeIndex(frame["bucket_start"]), watch.shown)]
    bucket = local(pd.DatetimeIndex(near["bucket_start"]), watch.where.tz)
    told = near.drop(columns=["bucket_start", "score"]).set_index(np.arange(len(near)))
    told.insert(0, "bucket", bucket)
    noun = "agents" if kind == "agents" else noun_of(watch, kind)
    title = NAMES.get(kind, name)
    return Series(kind, title, noun, told, series_state(watch, kind, told))
