"""A review of a watch: the alarms of its period, the least likely first, and the charts behind them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alarms.correlate import correlate
from alarms.login_alarm import SERIES_NAMES, LoginAlarm, login_alarm, noun_of
from alarms.sensitivity import DEFAULT_SENSITIVITY, Sensitivity
from alarms.status import Status, series_status, watch_status
from alarms.watch import OVERALL, Watch, in_period, touches
from analysis import Model, band, find_alarms, local_times


@dataclass(frozen=True)
class Series:
    """One chart. `frame` has a row an hour of the period: bucket (naive local start), count, expected, upper,
    is_spike, state (analysis.STATES) and learning_day, as `analysis.band` gives them. `noun` is what it counts,
    in the singular."""

    kind: str
    name: str
    noun: str
    frame: pd.DataFrame
    status: Status


@dataclass(frozen=True)
class Review:
    """Alarms that touch the period, one for all alarms about the same logins, the least likely first; `series` by
    kind, those of watch.OVERALL; `false_alarms` is the sensitivity in words."""

    alarms: tuple[LoginAlarm, ...]
    series: dict[str, Series]
    status: Status
    false_alarms: str


def review(watch: Watch, sensitivity: Sensitivity = DEFAULT_SENSITIVITY) -> Review:
    """Judge a watch. Alarms of single agents are those of the filter's agents, judged as part of the whole fleet."""
    kinds = dict(zip(OVERALL, OVERALL, strict=True))
    selected = dict.fromkeys(watch.logins.agents[watch.is_selected], "agent")
    alarms = [
        *_alarms(watch, watch.overall, sensitivity, kinds),
        *_alarms(watch, watch.fleet, sensitivity, selected),
    ]
    return Review(
        alarms=tuple(correlate(watch, alarms)),
        series={kind: _series(watch, watch.overall, kind, kind, sensitivity) for kind in OVERALL},
        status=watch_status(watch),
        false_alarms=sensitivity.false_alarms(max(watch.n_agents, 1)),
    )


def agent_series(watch: Watch, agent: str, sensitivity: Sensitivity = DEFAULT_SENSITIVITY) -> Series:
    """The chart of one agent. Raises KeyError for an agent without logins in the period or its history."""
    return _series(watch, watch.agent_model(agent), "agent", agent, sensitivity)


def _alarms(watch: Watch, model: Model, sensitivity: Sensitivity, kinds: dict[str, str]) -> list[LoginAlarm]:
    """The alarms of the series in `kinds`, which maps each to its kind."""
    if not len(model.buckets):
        return []
    return [
        login_alarm(watch, kinds[spike.series], spike)
        for spike in find_alarms(model, sensitivity.budget, n_series=watch.n_agents)
        if spike.series in kinds and touches(spike.start, spike.end, watch.period)
    ]


def _series(watch: Watch, model: Model, kind: str, name: str, sensitivity: Sensitivity) -> Series:
    rows = band(model, name, sensitivity.budget, n_series=max(watch.n_agents, 1))
    starts = pd.DatetimeIndex(rows["bucket_start"])
    is_near = in_period(starts, watch.period)
    frame = rows[is_near].drop(columns=["bucket_start", "score"]).set_index(np.arange(is_near.sum()))
    frame.insert(0, "bucket", local_times(starts[is_near], watch.where.tz))
    status = series_status(watch, kind, frame)
    title = name if kind == "agent" else SERIES_NAMES[kind]
    return Series(kind, title, noun_of(watch, kind), frame, status)
