"""A watch over logins: the counts of a filter, with what was learned of them. Costs a second; changes with the store.

watch = watch_over(store, where, now)        # reads and learns; keep it while the store and the filter stay
review(watch, sensitivity)                   # milliseconds, for any sensitivity (alarms.review)
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.counts import HOUR, Logins, activities, read
from analysis import Model, fit
from audit_store import catalogue
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter

OVERALL = ("all", "failed", "agents")
KINDS = (*OVERALL, "agent")
"""What is watched: all logins, failed logins, how many agents log in, and the logins of each agent."""

LEAST = 5
"""No count below it is a spike (analysis.rules), so an agent that stays below is not fitted: nothing is lost."""

MOST_FITTED = 1000
"""Agents watched one by one, those with the highest hour first: they take about a gigabyte while they are fitted."""


@dataclass(frozen=True)
class Watch:
    """Logins under watch. `shown` (naive UTC, [start, end)) is the period looked at; what lies before is history.

    `overall` holds the series OVERALL, `fleet` the agents that could have an alarm in the period, of `n_agents`
    with logins; `left_out` could have one too, and were too many.
    """

    where: EventFilter
    known: Catalogue
    now: datetime
    logins: Logins
    shown: tuple[datetime, datetime]
    overall: Model
    fleet: Model
    left_out: int

    @property
    def n_agents(self) -> int:
        """How many agents have logins: the fleet that shares one budget of chance alarms."""
        return len(self.logins.agents)

    @cached_property
    def chosen(self) -> NDArray[np.bool_]:
        """Which of `logins.agents` the filter names."""
        return _chosen(self.logins, self.where)

    def scope(self, kind: str) -> str:
        """What narrows a series of this kind, as text: the filter but for its time, empty where it is none.

        An agent's own series does not depend on which agents are looked at.
        """
        given = self.where.without("agent", "not_agent") if kind == "agent" else self.where
        found = given.parameters()
        return urlencode(
            {k: v for k, v in found.items() if k not in ("range", "from", "to", "tz")}, doseq=True
        )

    def counts(self, agents: NDArray[np.intp]) -> pd.DataFrame:
        """Hourly logins of some of `logins.agents`, NaN where nothing was collected."""
        return _wide(self.logins, agents)

    def agent_model(self, agent: str) -> Model:
        """The watch over one agent. Raises KeyError for an agent without logins."""
        if agent in self.fleet.series:
            return self.fleet
        places = np.flatnonzero(self.logins.agents == agent)
        if not len(places):
            raise KeyError(f"{agent!r} has no login since {self.logins.clock.hours.min()}")
        return fit(self.counts(places), tz=self.where.tz, now=pd.Timestamp(self.now))


def watch_over(store: Engine, where: EventFilter, now: datetime, known: Catalogue | None = None) -> Watch:
    """Read and learn. `now` is naive UTC; what is later is left out, what is not over is not judged.

    Raises StoreNotFound, StoreBusy, StoreCorrupt or StoreNewer.
    """
    known = known or catalogue.load()
    logins = read(store, where, known, now)
    shown = _shown(logins, where, now)
    could = _could_alarm(logins, shown)
    tz, moment = where.tz, pd.Timestamp(now)
    return Watch(
        where=where,
        known=known,
        now=now,
        logins=logins,
        shown=shown,
        overall=fit(_overall(logins, where), tz=tz, scope="overall", now=moment),
        fleet=fit(_wide(logins, could[:MOST_FITTED]), tz=tz, now=moment),
        left_out=max(len(could) - MOST_FITTED, 0),
    )


def in_period(hours: pd.DatetimeIndex, shown: tuple[datetime, datetime]) -> NDArray[np.bool_]:
    """The hours that the period touches."""
    return np.asarray((hours + HOUR > pd.Timestamp(shown[0])) & (hours < pd.Timestamp(shown[1])))


def touches(start: pd.Timestamp, end: pd.Timestamp, shown: tuple[datetime, datetime]) -> bool:
    """Whether [start, end) has a moment in the period."""
    return bool(end > shown[0] and start < shown[1])


def is_over(hours: pd.DatetimeIndex, now: datetime) -> NDArray[np.bool_]:
    """The hours that have ended at `now` (naive UTC)."""
    return np.asarray(hours + HOUR <= pd.Timestamp(now))


def watched_activities(watch: Watch) -> tuple[str, ...]:
    """The kinds of login that are counted; none where the filter leaves none."""
    return activities(watch.where, watch.known)


def _shown(logins: Logins, where: EventFilter, now: datetime) -> tuple[datetime, datetime]:
    hours = logins.clock.hours
    if not len(hours):
        return now, now
    end = min(where.period.end or datetime.max, (hours[-1] + HOUR).to_pydatetime())  # noqa: DTZ901
    return where.period.start or hours[0].to_pydatetime(), end


def _chosen(logins: Logins, where: EventFilter) -> NDArray[np.bool_]:
    names = pd.Index(logins.agents)
    chosen = names.isin(where.agent) if where.agent else np.ones(len(names), dtype=bool)
    return np.asarray(chosen & ~names.isin(where.not_agent))


def _could_alarm(logins: Logins, shown: tuple[datetime, datetime]) -> NDArray[np.intp]:
    """Agents with an hour of LEAST logins in the period, those with the highest first."""
    near = in_period(logins.clock.hours, shown)[logins.hour]
    highest = np.zeros(len(logins.agents), dtype=np.int64)
    np.maximum.at(highest, logins.agent[near], logins.attempts[near])
    return np.argsort(-highest, kind="stable")[: np.count_nonzero(highest >= LEAST)]


def _overall(logins: Logins, where: EventFilter) -> pd.DataFrame:
    """The series OVERALL of the agents that the filter names."""
    row = _chosen(logins, where)[logins.agent]
    hours = len(logins.clock.hours)
    figures = (logins.attempts, logins.failed, np.ones(len(logins.hour)))
    columns = [np.bincount(logins.hour[row], each[row], minlength=hours) for each in figures]
    wide = pd.DataFrame(dict(zip(OVERALL, columns, strict=True)), index=logins.clock.hours, dtype=float)
    return wide.mask(pd.Series(logins.gap, index=wide.index))


def _wide(logins: Logins, agents: NDArray[np.intp]) -> pd.DataFrame:
    column = np.full(len(logins.agents), -1)
    column[agents] = np.arange(len(agents))
    row = column[logins.agent] >= 0
    cells = np.zeros((len(agents), len(logins.clock.hours)))
    cells[column[logins.agent[row]], logins.hour[row]] = logins.attempts[row]
    cells[:, logins.gap] = np.nan
    return pd.DataFrame(cells.T, index=logins.clock.hours, columns=logins.agents[agents])
