"""The models of a stretch: of all agents together, and of those that have spikes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.counts import HISTORY, HOUR, Clock, Logins, clock_between, count_hours
from alarms.detector.settings import Settings
from alarms.records.identity import SeriesSpan
from alarms.sensitivity import DEFAULT_SENSITIVITY, SENSITIVITIES
from alarms.watch import Watch, counts_by_agent, overall_counts
from analysis import SMALLEST_SPIKE, Model, fit_unfed
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
    `n_series` is, for each of these hours, how many agents have had a login. `history` are the logins since sixteen
    weeks before the stretch, and `first` is the position of the first judged hour in them.
    """

    watch: Watch
    overall: Model
    fleet: Model
    n_series: NDArray[np.int64]
    history: Logins
    first: int


def count(
    engine: Engine, reader: Reader, settings: Settings, first_login: datetime, end: datetime, now: datetime
) -> Logins:
    """The logins from the hour of `first_login` to `end` or `now`. Raises what the store raises."""
    clock = clock_between(first_login, min(end - timedelta(microseconds=1), now), settings.tz)
    return count_hours(engine, reader, clock, EventFilter(tz=settings.tz), settings.catalogue, now)


def window_start(stretch_start: datetime) -> datetime:
    """The time since which logins say what is expected in a stretch."""
    return stretch_start - HISTORY


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
    logins: Logins, settings: Settings, start: datetime, now: datetime, expected: Sequence[SeriesSpan] = ()
) -> Judged:
    """Fit the models of the hours from `start` (naive UTC) on.

    Spikes are not learned from, but for those in `expected`.
    """
    hours = logins.clock.hours
    first = int(hours.searchsorted(pd.Timestamp(start)))
    where = EventFilter(
        period=Period(start, hours[-1].to_pydatetime() + HOUR),
        range="custom",
        tz=settings.tz,
    )
    n_series = _agents_so_far(logins)
    fitting = _Fitting(settings, n_series, expected)
    overall = fitting.fit(overall_counts(logins, where), "overall")
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


def _agents_so_far(logins: Logins) -> NDArray[np.int64]:
    """How many agents have had a login up to each hour, at least 1."""
    first_hours = np.full(len(logins.agents), len(logins.clock.hours))
    np.minimum.at(first_hours, logins.agent, logins.hour)
    new = np.bincount(first_hours, minlength=len(logins.clock.hours) + 1)[: len(logins.clock.hours)]
    return np.maximum(np.cumsum(new), 1)


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
