"""A watch over logins: the hourly counts of a filter, and the series that are made of them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.counts import HOUR, Logins, count_logins, login_activities
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter, matches

OVERALL = ("all", "failed", "agents")
"""The kinds of series over many agents: all logins, failed logins, and how many agents log in."""

TimeSpan = tuple[datetime, datetime]
"""[start, end), naive UTC."""


@dataclass(frozen=True)
class Watch:
    """Logins under watch. `period` (naive UTC, [start, end)) is what is looked at; what lies before is history."""

    where: EventFilter
    catalogue: Catalogue
    now: datetime
    logins: Logins
    period: TimeSpan

    @property
    def n_agents(self) -> int:
        """How many agents have logins."""
        return len(self.logins.agents)

    @cached_property
    def is_selected(self) -> NDArray[np.bool_]:
        """Which of `logins.agents` the filter includes."""
        return _is_selected(self.logins, self.where)

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


def watch_logins(store: Engine, where: EventFilter, now: datetime, catalogue: Catalogue) -> Watch:
    """Count the logins of a filter; the catalogue says what a login is.

    `now` is naive UTC: later events are left out. Raises StoreNotFound, StoreBusy, StoreCorrupt or StoreNewer.
    """
    logins = count_logins(store, where, catalogue, now)
    return Watch(where, catalogue, now, logins, _period(logins, where, now))


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
