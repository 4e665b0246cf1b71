"""The models of a stretch: of all agents together, and of those that have spikes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.counts import HOUR, Clock, Integers, Logins, logins_of
from alarms.detector.settings import Settings
from alarms.records.identity import SeriesSpan
from alarms.sensitivity import DEFAULT_SENSITIVITY, SENSITIVITIES
from alarms.watch import OVERALL, Watch, counts_by_agent
from analysis import SMALLEST_SPIKE, Model, fit_unfed
from audit_store.engines.alarm_records import JudgedHour
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period

GROUP = 100
"""Agents that are fitted at the same time: memory is bounded by it."""
_BY_CELL = ("counts", "expected", "variance", "floor", "log_p", "state", "observed_days")


@dataclass(frozen=True)
class Judged:
    """The hours of a stretch that are judged: `watch` holds them.

    `overall` has the models of the series OVERALL, and `fleet` those of the agents that have spikes.
    `n_series` is, for each of these hours, how many agents have had a login. `history` are the logins of the agents
    with a login in these hours, since sixteen weeks before the stretch, and `first` is the position of the first
    judged hour in them.
    """

    watch: Watch
    overall: Model
    fleet: Model
    n_series: NDArray[np.int64]
    history: Logins
    first: int


@dataclass(frozen=True)
class Counted:
    """What was counted in the hours of `logins.clock`, from which some of them are judged.

    `logins` are those of the agents with a login in the judged hours. `overall` are the hourly counts of OVERALL, of
    all agents, and `n_series` how many agents have had a login up to each hour, at least 1.
    """

    logins: Logins
    overall: Mapping[str, Integers]
    n_series: Integers


def count(
    engine: Engine,
    reader: Reader,
    settings: Settings,
    clock: Clock,
    figures: Sequence[JudgedHour | None],
    since: datetime,
    now: datetime,
) -> Counted:
    """The logins in the hours of a clock, of which those from `since` on are judged.

    `figures` are what is known of each hour, None for one without events; their agents are counted from `since` on.
    Raises what the store raises.
    """
    columns = [
        (hour.logins, hour.failed, hour.agents, hour.with_outcome) if hour else (0,) * 4 for hour in figures
    ]
    attempts, failed, agents, with_outcome = np.array(columns, dtype=np.int64).T
    events = np.array([hour is not None for hour in figures], dtype=np.float64)
    logins = logins_of(_by_agent(engine, reader, settings, clock, since), clock, events, now)
    is_counted = np.asarray(clock.hours >= pd.Timestamp(since))
    agents = np.where(is_counted, np.bincount(logins.hour, minlength=len(agents)), agents)
    return Counted(
        replace(logins, with_outcome=int(with_outcome.sum())),
        dict(zip(OVERALL, (attempts, failed, agents), strict=True)),
        _agents_so_far(engine, reader, settings, clock),
    )


def _by_agent(
    engine: Engine, reader: Reader, settings: Settings, clock: Clock, since: datetime
) -> pd.DataFrame:
    """The logins of all agents from `since` on, and what those of them did before, since the clock begins."""
    every = EventFilter(activity=settings.catalogue.logins, tz=settings.tz)

    def counts(where: EventFilter) -> pd.DataFrame:
        return reader.run(engine.login_queries.login_counts(where, settings.catalogue.failures, clock.step))

    begin = clock.period.start or since
    recent = counts(replace(every, period=Period(max(begin, since), clock.period.end)))
    if since <= begin or recent.empty:
        return recent
    earlier = counts(replace(every, agent=tuple(recent["agent"]), period=Period(begin, since)))
    return pd.concat([recent, earlier], ignore_index=True)


@dataclass(frozen=True)
class _Fitting:
    """How models are fitted: `n_series` agents have had a login up to each hour; `expected` hours are learned from."""

    settings: Settings
    n_series: NDArray[np.int64]
    expected: Sequence[SeriesSpan]

    def fit(self, counts: pd.DataFrame, scope: str) -> Model:
        """The models of some series, of agents or "overall"."""
        return fit_unfed(
            counts,
            tz=self.settings.tz,
            scope=scope,
            budget=DEFAULT_SENSITIVITY.budget,
            n_series=self.n_series,
            is_expected=self._is_expected(counts, scope),
        )

    def _is_expected(self, counts: pd.DataFrame, scope: str) -> pd.DataFrame | None:
        spans = [span for span in self.expected if bool(span.key.agent) == (scope == "agent")]
        series = [(span, span.key.agent or span.key.kind) for span in spans]
        known = [(span, name) for span, name in series if name in counts.columns]
        if not known:
            return None
        is_expected = pd.DataFrame(False, index=counts.index, columns=counts.columns)
        for span, name in known:
            is_within = (counts.index >= span.key.start) & (counts.index < span.end)
            is_expected.loc[is_within, name] = True
        return is_expected


def judge(
    counted: Counted, settings: Settings, start: datetime, now: datetime, expected: Sequence[SeriesSpan] = ()
) -> Judged:
    """Fit the models of the hours from `start` (naive UTC) on, for which the logins were counted.

    Spikes are not learned from, but for those in `expected`.
    """
    logins, n_series = counted.logins, counted.n_series
    hours = logins.clock.hours
    first = int(hours.searchsorted(pd.Timestamp(start)))
    where = EventFilter(
        period=Period(start, hours[-1].to_pydatetime() + HOUR),
        range="custom",
        tz=settings.tz,
    )
    fitting = _Fitting(settings, n_series, expected)
    series = pd.DataFrame({name: counted.overall[name] for name in OVERALL}, index=hours, dtype=float)
    overall = fitting.fit(series.mask(pd.Series(logins.is_gap, index=hours)), "overall")
    candidates = _candidates(logins, first)
    groups = [candidates[begin : begin + GROUP] for begin in range(0, len(candidates), GROUP)]
    fleet = _joined(
        [
            _part(overall, np.zeros(0, dtype=np.intp), first),
            *_fleet(logins, groups, fitting, first),
        ]
    )
    watch = Watch(
        where=where,
        catalogue=settings.catalogue,
        now=now,
        logins=_since(logins, first),
        period=(start, where.period.end or now),
    )
    return Judged(
        watch=watch,
        overall=_part(overall, np.arange(len(overall.series)), first),
        fleet=replace(fleet, scope="agent"),
        n_series=n_series[first:],
        history=logins,
        first=first,
    )


def _fleet(logins: Logins, groups: list[NDArray[np.intp]], fitting: _Fitting, first: int) -> Iterator[Model]:
    """The models of the agents that have a spike, group by group."""
    most_sensitive = SENSITIVITIES[0].budget
    for agents in groups:
        model = fitting.fit(counts_by_agent(logins, agents), "agent")
        is_spike = model.spikes(most_sensitive.log_alpha("agent", model.freq, fitting.n_series))[:, first:]
        yield _part(model, np.flatnonzero(is_spike.any(axis=1)), first)


def _agents_so_far(engine: Engine, reader: Reader, settings: Settings, clock: Clock) -> Integers:
    """How many agents have had a login up to each hour, at least 1."""
    where = EventFilter(activity=settings.catalogue.logins, period=clock.period)
    firsts = reader.run(engine.login_queries.first_logins(where, clock.step))
    hour = clock.positions(firsts["bucket"].to_numpy(dtype=np.int64))
    new = np.bincount(hour, firsts["agents"].to_numpy(), minlength=len(clock.hours)).astype(np.int64)
    so_far: Integers = np.maximum(np.cumsum(new), 1)
    return so_far


def _candidates(logins: Logins, first: int) -> NDArray[np.intp]:
    """The agents with an hour of SMALLEST_SPIKE logins among the judged ones."""
    is_enough = (logins.hour >= first) & (logins.attempts >= SMALLEST_SPIKE)
    return np.unique(logins.agent[is_enough]).astype(np.intp)


def _part(model: Model, rows: NDArray[np.intp], first: int) -> Model:
    """Some series of a model, from the hour at position `first` on."""
    cells: dict[str, Any] = {name: getattr(model, name)[rows, first:] for name in _BY_CELL}
    return replace(model, series=model.series[rows], buckets=model.buckets[first:], **cells)


def _joined(models: list[Model]) -> Model:
    """Models of the same hours as one; there is at least one."""
    cells: dict[str, Any] = {
        name: np.concatenate([getattr(model, name) for model in models]) for name in _BY_CELL
    }
    series = pd.Index([name for model in models for name in model.series], dtype=object)
    return replace(models[0], series=series, **cells)


def _since(logins: Logins, first: int) -> Logins:
    """The logins of the hours from position `first` on."""
    is_row = logins.hour >= first
    clock = Clock(
        logins.clock.hours[first:],
        logins.clock.step,
        logins.clock.first_bucket,
        logins.clock.hour_of_bucket,
    )
    return replace(
        logins,
        clock=clock,
        agent=logins.agent[is_row],
        hour=logins.hour[is_row] - first,
        attempts=logins.attempts[is_row],
        failed=logins.failed[is_row],
        is_gap=logins.is_gap[first:],
    )
