"""From a store's statements to hourly counts of logins: who, when, how often, how often in vain.

Hours are those of the reader's zone, named by their start in naive UTC; in zones that lie off the hour they are
folded from quarter hours.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.collection_gaps import collected
from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter
from audit_store.ranges import Period

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
HISTORY = timedelta(weeks=16)
"""Read before the period shown. What is usual rests on eight weeks, and how past spikes are cut on those before."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Clock:
    """The hours that are counted: `hours` (naive UTC), made of UTC buckets of `step`.

    `place` gives, for each bucket from `first` on, the hour it belongs to.
    """

    hours: pd.DatetimeIndex
    step: timedelta
    first: int
    place: Whole

    def at(self, buckets: Whole) -> Whole:
        """The places in `hours` of bucket numbers as the statements give them."""
        found: Whole = self.place[np.asarray(buckets, dtype=np.int64) - self.first]
        return found


@dataclass(frozen=True)
class Logins:
    """Counted logins, a row for each agent and hour that has any; `agent` and `hour` are places in the first two.

    `gap` marks hours in which nothing was collected, `sources` are hourly counts of everything a source reported,
    `decided` is how many logins have an outcome, `newest` the store's newest event (naive UTC, None: no events).
    """

    agents: NDArray[np.object_]
    clock: Clock
    agent: Whole
    hour: Whole
    attempts: Whole
    failed: Whole
    decided: int
    gap: NDArray[np.bool_]
    sources: pd.DataFrame
    events: int
    newest: datetime | None


def read(store: Engine, where: EventFilter, known: Catalogue, now: datetime) -> Logins:
    """Count the logins of `where`, over all agents, from HISTORY before its period to `now` (naive UTC).

    An open period reaches to the newest event. Raises what the store raises.
    """
    with store.read() as reader:
        events, first, newest, *_ = reader.one(store.queries.extent())
        clock = clock_for(where, first, newest, now)
        period = Period(*span(clock)) if len(clock.hours) else Period(now, now)
        logins = replace(
            where.without("agent", "not_agent"), activity=activities(where, known), period=period
        )
        counted = reader.run(store.login_queries.login_counts(logins, known.failures, clock.step))
        beats = reader.run(store.login_queries.heartbeat(EventFilter(period=period), clock.step))
    sources = _by_source(beats, clock)
    agent = np.repeat(np.arange(len(counted)), counted["buckets"].map(len).to_numpy(dtype=np.int64))
    hour = clock.at(_joined(counted["buckets"]))
    agent, hour, attempts, failed = _fold(
        len(clock.hours), agent, hour, _joined(counted["attempts"]), _joined(counted["failed"])
    )
    seen = sources.sum(axis=1).to_numpy(dtype=np.float64)
    return Logins(
        agents=counted["agent"].to_numpy(dtype=object),
        clock=clock,
        agent=agent,
        hour=hour,
        attempts=attempts,
        failed=failed,
        decided=int(counted["decided"].sum()),
        gap=~collected(seen, clock.hours, now),
        sources=sources,
        events=int(events),
        newest=newest,
    )


def activities(where: EventFilter, known: Catalogue) -> tuple[str, ...]:
    """The kinds of login that a filter leaves, as the catalogue names them; none where it leaves none."""
    wanted = where.activity or known.logins
    return tuple(name for name in known.logins if name in wanted and name not in where.not_activity)


def clock_for(where: EventFilter, first: datetime | None, newest: datetime | None, now: datetime) -> Clock:
    """The hours to count, none where the store is empty or all of it lies in the future."""
    if first is None or newest is None or first >= now:
        return Clock(pd.DatetimeIndex([], dtype="datetime64[us]"), HOUR, 0, np.array([], dtype=np.int64))
    last = newest if where.period.end is None else where.period.end - timedelta(microseconds=1)
    last = min(last, now)
    begin = first if where.period.start is None else max(first, where.period.start - HISTORY)
    return _clock(min(begin, last), last, where.tz)


def span(clock: Clock) -> tuple[datetime, datetime]:
    """Start and end (naive UTC) of the time that a clock covers."""
    start = EPOCH + clock.first * clock.step
    return start, start + len(clock.place) * clock.step


def bucket_of(moment: datetime, step: timedelta) -> int:
    """The number of the bucket of width `step` in which a moment (naive UTC) lies."""
    return (moment - EPOCH) // step


def _clock(begin: datetime, last: datetime, tz: str) -> Clock:
    far = pd.date_range(begin, last + HOUR, freq="6h", unit="us")
    offset = far.tz_localize("UTC").tz_convert(tz).tz_localize(None) - far
    step = HOUR if (offset.floor(HOUR) == offset).all() else QUARTER
    start = _hour_of(pd.DatetimeIndex([begin]).as_unit("us"), tz)[0]
    # The last hour is taken whole, so that a period that ends within it does not cut its count.
    end = _hour_of(pd.DatetimeIndex([last]).as_unit("us"), tz)[0] + HOUR
    buckets = pd.date_range(start, end, freq=step, inclusive="left", unit="us")
    hours, place = np.unique(_hour_of(buckets, tz), return_inverse=True)
    first = bucket_of(start.to_pydatetime(), step)
    return Clock(pd.DatetimeIndex(hours), step, first, place.astype(np.int64))


def _hour_of(moments: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    """The start, in UTC, of the local hour in which each moment lies."""
    local = moments.tz_localize("UTC").tz_convert(tz).tz_localize(None)
    return moments - (local - local.floor(HOUR))


def _joined(lists: pd.Series) -> Whole:
    return np.concatenate(
        [np.asarray(each, dtype=np.int64) for each in lists] or [np.array([], dtype=np.int64)]
    )


def _fold(hours: int, agent: Whole, hour: Whole, *figures: Whole) -> tuple[Whole, ...]:
    """Rows of the same agent and hour become one, their figures summed."""
    keys, row = np.unique(agent * max(hours, 1) + hour, return_inverse=True)
    sums = [np.bincount(row, each, minlength=len(keys)).astype(np.int64) for each in figures]
    return keys // max(hours, 1), keys % max(hours, 1), *sums


def _by_source(beats: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    """Events an hour, a column a source."""
    sources, column = np.unique(beats["source"].to_numpy(dtype=object).astype(str), return_inverse=True)
    hour = clock.at(beats["bucket"].to_numpy(dtype=np.int64))
    cells = np.bincount(
        hour * len(sources) + column, beats["events"].to_numpy(), minlength=len(clock.hours) * len(sources)
    )
    return pd.DataFrame(cells.reshape(len(clock.hours), len(sources)), index=clock.hours, columns=sources)
