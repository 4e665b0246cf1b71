"""A watch over logins: the hourly counts of a filter and the models fitted to them.

watch = watch_logins(store, where, now)      # about a second; keep it while the store and the filter stay
review(watch, sensitivity)                   # milliseconds, for any sensitivity (alarms.review)
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.counts import HOUR, Logins, count_logins, login_activities
from alarms.sensitivity import DEFAULT_SENSITIVITY
from analysis import SMALLEST_SPIKE, Model, fit_unfed
from audit_store import catalogue as catalogues
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter, matches

OVERALL = ("all", "failed", "agents")
"""The kinds of series over many agents: all logins, failed logins, and how many agents log in."""

MOST_FITTED = 1000
"""Agents watched one by one, those with the highest hour first: they take about a gigabyte while they are fitted."""

TimeSpan = tuple[datetime, datetime]
"""[start, end), naive UTC."""


@dataclass(frozen=True)
class Watch:
    """Logins under watch. `period` (naive UTC, [start, end)) is what is looked at; what lies before is history.

    `overall` holds the series OVERALL, `fleet` the agents that could have an alarm in the period, of `n_agents`
    with logins; `left_out` more could have one, and are watched only together.
    """

    where: EventFilter
    catalogue: Catalogue
    now: datetime
    logins: Logins
    period: TimeSpan
    overall: Model
    fleet: Model
    left_out: int

    @property
    def n_agents(self) -> int:
        """How many agents have logins: the fleet that shares one budget of false alarms."""
        return len(self.logins.agents)

    @cached_property
    def is_selected(self) -> NDArray[np.bool_]:
        """Which of `logins.agents` the filter includes."""
        return _is_selected(self.logins, self.where)

    @property
    def selected_agents(self) -> list[str]:
        """The agents with logins that the filter includes, by name."""
        return sorted(str(agent) for agent in self.logins.agents[self.is_selected])

    @property
    def activities(self) -> tuple[str, ...]:
        """The kinds of login that are counted; none where the filter includes none."""
        return login_activities(self.where, self.catalogue)

    def scope(self, kind: str) -> str:
        """What narrows a series of this kind, as text: the filter without its time range, empty where it is none.

        An agent's own series does not depend on which agents are looked at.
        """
        where = self.where.without("agent", "not_agent") if kind == "agent" else self.where
        parameters = where.parameters().items()
        return urlencode(
            {name: value for name, value in parameters if name not in ("range", "from", "to", "tz")},
            doseq=True,
        )

    def counts(self, agents: NDArray[np.intp]) -> pd.DataFrame:
        """Hourly logins of some of `logins.agents`, a column each, NaN where nothing was collected."""
        return counts_by_agent(self.logins, agents)

    def agent_model(self, agent: str) -> Model:
        """The model of one agent. Raises KeyError for an agent without logins."""
        if agent in self.fleet.series:
            return self.fleet
        positions = np.flatnonzero(self.logins.agents == agent)
        if not len(positions):
            raise KeyError(f"{agent!r} has no login since {self.logins.clock.hours.min()}")
        return _fit(self.counts(positions), self.where.tz, self.now, self.n_agents)


def watch_logins(
    store: Engine, where: EventFilter, now: datetime, catalogue: Catalogue | None = None
) -> Watch:
    """Count the logins of a filter and fit their models.

    `now` is naive UTC: later events are left out, and the hour it lies in is not judged. The built-in catalogue says
    what a login is unless another one is given. Raises StoreNotFound, StoreBusy, StoreCorrupt or StoreNewer.
    """
    catalogue = catalogue or catalogues.load()
    logins = count_logins(store, where, catalogue, now)
    period = _period(logins, where, now)
    candidates = _could_alarm(logins, period)
    fleet = counts_by_agent(logins, candidates[:MOST_FITTED])
    return Watch(
        where=where,
        catalogue=catalogue,
        now=now,
        logins=logins,
        period=period,
        overall=_fit(overall_counts(logins, where), where.tz, now, len(OVERALL), scope="overall"),
        fleet=_fit(fleet, where.tz, now, len(logins.agents)),
        left_out=max(len(candidates) - MOST_FITTED, 0),
    )


def _fit(counts: pd.DataFrame, tz: str, now: datetime, n_series: int, *, scope: str = "agent") -> Model:
    """A model that learns from everything but the spikes of the usual sensitivity."""
    budget = DEFAULT_SENSITIVITY.budget
    return fit_unfed(counts, tz=tz, scope=scope, budget=budget, n_series=n_series, now=pd.Timestamp(now))


def in_period(hours: pd.DatetimeIndex, period: TimeSpan) -> NDArray[np.bool_]:
    """Which hours the period touches."""
    return np.asarray((hours + HOUR > pd.Timestamp(period[0])) & (hours < pd.Timestamp(period[1])))


def touches(start: pd.Timestamp, end: pd.Timestamp, period: TimeSpan) -> bool:
    """Whether [start, end) has a moment in the period."""
    return bool(end > period[0] and start < period[1])


def is_over(hours: pd.DatetimeIndex, now: datetime) -> NDArray[np.bool_]:
    """Which hours have ended at `now` (naive UTC)."""
    return np.asarray(hours + HOUR <= pd.Timestamp(now))


def _period(logins: Logins, where: EventFilter, now: datetime) -> TimeSpan:
    hours = logins.clock.hours
    if not len(hours):
        return now, now
    end = min(where.period.end or datetime.max, (hours[-1] + HOUR).to_pydatetime())  # noqa: DTZ901
    return where.period.start or hours[0].to_pydatetime(), end


def _is_selected(logins: Logins, where: EventFilter) -> NDArray[np.bool_]:
    return np.array(
        [
            (not where.agent or matches(where.agent, name)) and not matches(where.not_agent, name)
            for name in logins.agents
        ],
        dtype=bool,
    )


def _could_alarm(logins: Logins, period: TimeSpan) -> NDArray[np.intp]:
    """Agents with an hour of SMALLEST_SPIKE logins in the period, those with the highest first."""
    is_near = in_period(logins.clock.hours, period)[logins.hour]
    highest = np.zeros(len(logins.agents), dtype=np.int64)
    np.maximum.at(highest, logins.agent[is_near], logins.attempts[is_near])
    return np.argsort(-highest, kind="stable")[: np.count_nonzero(highest >= SMALLEST_SPIKE)]


def overall_counts(logins: Logins, where: EventFilter) -> pd.DataFrame:
    """The series OVERALL of the agents that the filter includes."""
    is_row = _is_selected(logins, where)[logins.agent]
    hours = len(logins.clock.hours)
    figures = (logins.attempts, logins.failed, np.ones(len(logins.hour)))
    columns = [np.bincount(logins.hour[is_row], figure[is_row], minlength=hours) for figure in figures]
    counts = pd.DataFrame(dict(zip(OVERALL, columns, strict=True)), index=logins.clock.hours, dtype=float)
    return counts.mask(pd.Series(logins.is_gap, index=counts.index))


def counts_by_agent(logins: Logins, agents: NDArray[np.intp]) -> pd.DataFrame:
    """Hourly logins of some of `logins.agents`, a column each, NaN where nothing was collected."""
    column = np.full(len(logins.agents), -1)
    column[agents] = np.arange(len(agents))
    is_row = column[logins.agent] >= 0
    cells = np.zeros((len(agents), len(logins.clock.hours)))
    cells[column[logins.agent[is_row]], logins.hour[is_row]] = logins.attempts[is_row]
    cells[:, logins.is_gap] = np.nan
    return pd.DataFrame(cells.T, index=logins.clock.hours, columns=logins.agents[agents])
