"""Hourly counts of logins: by whom, when, how many and how many of them failed.

Hours are those of the viewer's time zone, named by their start in naive UTC; in zones whose offset is not a whole
hour they are added up from quarter hours.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.collection_gaps import is_collected
from analysis import local_times
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine, Reader
from audit_store.filters import EventFilter, matches
from audit_store.ranges import Period

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
HISTORY = timedelta(weeks=16)
"""Read before the period shown. A baseline rests on eight weeks, and how past spikes are clipped on those before."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Clock:
    """The hours that are counted: `hours` (naive UTC), made of UTC buckets of width `step`.

    `hour_of_bucket` gives, for each bucket from number `first_bucket` on, the position in `hours` it belongs to.
    """

    hours: pd.DatetimeIndex
    step: timedelta
    first_bucket: int
    hour_of_bucket: Integers

    def positions(self, buckets: Integers) -> Integers:
        """The positions in `hours` of bucket numbers."""
        positions: Integers = self.hour_of_bucket[np.asarray(buckets, dtype=np.int64) - self.first_bucket]
        return positions

    @property
    def period(self) -> Period:
        """The time that the buckets cover."""
        start = EPOCH + self.first_bucket * self.step
        return Period(start, start + len(self.hour_of_bucket) * self.step)


@dataclass(frozen=True)
class Logins:
    """Counted logins, a row for each agent and hour with any; `agent` and `hour` are positions in the first two.

    `is_gap` marks hours in which nothing was collected, `with_outcome` is how many logins have an outcome, `events` how
    many events the store has and `newest` the newest of them (naive UTC, None: no events).
    """

    agents: NDArray[np.object_]
    clock: Clock
    agent: Integers
    hour: Integers
    attempts: Integers
    failed: Integers
    with_outcome: int
    is_gap: NDArray[np.bool_]
    events: int
    newest: datetime | None

    def rows_of(self, agent: str) -> slice:
        """The rows of an agent. Raises IndexError for one without logins."""
        position = int(np.flatnonzero(self.agents == agent)[0])
        return slice(*map(int, np.searchsorted(self.agent, [position, position + 1])))


def count_logins(store: Engine, where: EventFilter, catalogue: Catalogue, now: datetime) -> Logins:
    """Count the logins of `where`, over all agents, from HISTORY before its period to `now` (naive UTC).

    An open period reaches to the newest event. Raises what the store raises.
    """
    with store.read() as reader:
        events, first, newest, *_ = reader.one(store.queries.extent())
        clock = clock_of(where, first, newest, now)
        logins = count_hours(store, reader, clock, where, catalogue, now)
    return replace(logins, events=int(events), newest=newest)


def count_hours(
    store: Engine, reader: Reader, clock: Clock, where: EventFilter, catalogue: Catalogue, now: datetime
) -> Logins:
    """Count the logins of `where` in the hours of a clock, over all agents; `events` is 0, and `newest` None.

    `now` (naive UTC) says which hour is not over. Raises what the store raises.
    """
    period = clock.period if len(clock.hours) else Period(now, now)
    logins = replace(
        where.without("agent", "not_agent"), activity=login_activities(where, catalogue), period=period
    )
    by_agent = reader.run(store.login_queries.login_counts(logins, catalogue.failures, clock.step))
    beats = reader.run(store.login_queries.heartbeat(EventFilter(period=period), clock.step))
    return logins_of(by_agent, clock, _hourly_events(beats, clock), now)


def logins_of(by_agent: pd.DataFrame, clock: Clock, events: NDArray[np.float64], now: datetime) -> Logins:
    """The logins of rows as `LoginQueries.login_counts` gives them, of which an agent may have several.

    `events` are all events of the store in each hour of the clock. In the result, `events` is 0 and `newest` None.
    """
    agents, number = np.unique(by_agent["agent"].to_numpy(dtype=object), return_inverse=True)
    lengths = by_agent["buckets"].map(len).to_numpy(dtype=np.int64)
    hour = clock.positions(_concatenated(by_agent["buckets"]))
    hours = max(len(clock.hours), 1)
    keys, row = np.unique(np.repeat(number, lengths) * hours + hour, return_inverse=True)
    figures = (_concatenated(by_agent[name]) for name in ("attempts", "failed"))
    attempts, failed = (np.bincount(row, figure, minlength=len(keys)).astype(np.int64) for figure in figures)
    return Logins(
        agents=agents,
        clock=clock,
        agent=keys // hours,
        hour=keys % hours,
        attempts=attempts,
        failed=failed,
        with_outcome=int(by_agent["decided"].sum()),
        is_gap=~is_collected(events, clock.hours, now),
        events=0,
        newest=None,
    )


def login_activities(where: EventFilter, catalogue: Catalogue) -> tuple[str, ...]:
    """The kinds of login of the catalogue that a filter includes."""
    included = where.activity or catalogue.logins
    return tuple(
        name for name in catalogue.logins if matches(included, name) and not matches(where.not_activity, name)
    )


def clock_of(where: EventFilter, first: datetime | None, newest: datetime | None, now: datetime) -> Clock:
    """The hours to count; none where the store is empty or all of it lies in the future.

    `first` and `newest` are the times of the store's first and newest event; all times are naive UTC.
    """
    if first is None or newest is None or first >= now:
        return Clock(pd.DatetimeIndex([], dtype="datetime64[us]"), HOUR, 0, np.array([], dtype=np.int64))
    last = newest if where.period.end is None else where.period.end - timedelta(microseconds=1)
    last = min(last, now)
    begin = first if where.period.start is None else max(first, where.period.start - HISTORY)
    return clock_between(min(begin, last), last, where.tz)


def bucket_number(moment: datetime, step: timedelta) -> int:
    """The number of the bucket of width `step` in which a moment (naive UTC) lies."""
    return (moment - EPOCH) // step


def bucket_width(begin: datetime, last: datetime, tz: str) -> timedelta:
    """The widest bucket of UTC time of which every local hour between two moments consists."""
    samples = pd.date_range(begin, last + HOUR, freq="6h", unit="us")
    offsets = local_times(samples, tz) - samples
    return HOUR if (offsets.floor(HOUR) == offsets).all() else QUARTER


def clock_between(begin: datetime, last: datetime, tz: str) -> Clock:
    """The local hours from the one of `begin` to that of `last` (naive UTC)."""
    step = bucket_width(begin, last, tz)
    start = start_of_hour(pd.DatetimeIndex([begin]).as_unit("us"), tz)[0]
    # The last hour is taken whole, so that a period that ends within it does not cut its count.
    end = start_of_hour(pd.DatetimeIndex([last]).as_unit("us"), tz)[0] + HOUR
    buckets = pd.date_range(start, end, freq=step, inclusive="left", unit="us")
    hours, hour_of_bucket = np.unique(start_of_hour(buckets, tz), return_inverse=True)
    first_bucket = bucket_number(start.to_pydatetime(), step)
    return Clock(pd.DatetimeIndex(hours), step, first_bucket, hour_of_bucket.astype(np.int64))


def start_of_hour(moments: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    """The start, in UTC, of the local hour in which each moment lies."""
    local = local_times(moments, tz)
    return moments - (local - local.floor(HOUR))


def _concatenated(lists: pd.Series) -> Integers:
    arrays = [np.asarray(values, dtype=np.int64) for values in lists]
    return np.concatenate(arrays or [np.array([], dtype=np.int64)])


def _hourly_events(beats: pd.DataFrame, clock: Clock) -> NDArray[np.float64]:
    """Events an hour, of all sources."""
    hour = clock.positions(beats["bucket"].to_numpy(dtype=np.int64))
    events = np.zeros(len(clock.hours))
    np.add.at(events, hour, beats["events"].to_numpy())
    return events
