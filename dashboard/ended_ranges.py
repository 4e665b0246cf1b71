"""Results over ranges of time that have ended: they stay true until an event of their range arrives."""

import weakref
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import pandas as pd

from audit_store.engines.protocol import EventQueries, Query, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Period


@dataclass(frozen=True, slots=True)
class Mark:
    """The log as it was at some moment: how many events it had, and the newest of them."""

    events: int
    last_seq: int
    event_id: str


@dataclass(frozen=True, slots=True)
class _Result:
    mark: Mark
    frame: "weakref.ref[pd.DataFrame]"


class EndedRanges:
    """The last result of each statement over a range that has ended, for as long as somebody else keeps it."""

    def __init__(self) -> None:
        self._results: dict[Hashable, _Result] = {}

    def last(self, key: Hashable) -> tuple[Mark, pd.DataFrame] | None:
        """The last result of a statement, and the log that it is true of."""
        result = self._results.get(key)
        frame = result.frame() if result else None
        return None if result is None or frame is None else (result.mark, frame)

    def keep(self, key: Hashable, mark: Mark, frame: pd.DataFrame) -> None:
        """Remember a result."""

        def forget(reference: "weakref.ref[pd.DataFrame]") -> None:
            if (result := self._results.get(key)) is not None and result.frame is reference:
                del self._results[key]

        self._results[key] = _Result(mark, weakref.ref(frame, forget))


class Opening:
    """One opening of a store, in which a result over an ended range is read again only if its events have changed."""

    def __init__(self, results: EndedRanges, path: str, queries: EventQueries, reader: Reader) -> None:
        self._results, self._path, self._queries, self._reader = results, path, queries, reader
        self._unchanged: dict[tuple[Period, Mark], bool] = {}

    def run(self, query: Query) -> pd.DataFrame:
        """The rows of a statement."""
        if query.period is None or not _has_ended(query.period) or (now := self._mark) is None:
            return self._reader.run(query)
        key = self._path, query.sql, repr(sorted(query.params.items()))
        last = self._results.last(key)
        if last is not None and self._is_unchanged(query.period, last[0], now):
            frame = last[1]
        else:
            frame = self._reader.run(query)
        self._results.keep(key, now, frame)
        return frame

    @cached_property
    def _mark(self) -> Mark | None:
        """The log as it is now; None while it is empty."""
        events, _, _, _, last_seq = self._reader.one(self._queries.extent())
        return Mark(events, last_seq, self._id_of(last_seq)) if events else None

    def _is_unchanged(self, period: Period, mark: Mark, now: Mark) -> bool:
        known = self._unchanged.get((period, mark))
        if known is None:
            known = mark == now or (self._continues(mark, now) and not self._newer(mark, period))
            self._unchanged[period, mark] = known
        return known

    def _continues(self, mark: Mark, now: Mark) -> bool:
        """Whether the log is that of a mark, with newer events: a backup or a repaired store may lack some."""
        return (
            mark.last_seq < now.last_seq
            and self._id_of(mark.last_seq) == mark.event_id
            and mark.events + self._newer(mark, Period()) == now.events
        )

    def _newer(self, mark: Mark, period: Period) -> int:
        """How many events of a range are newer than a mark."""
        query = self._queries.newer(EventFilter(period=period), since=mark.last_seq + 1)
        return int(self._reader.one(query)[0])

    def _id_of(self, seq: int) -> str:
        """The id of the event with this seq; "" where there is none."""
        ids = self._reader.run(self._queries.events_at([seq], ("event_id",)))["event_id"]
        return "" if ids.empty else str(ids.iloc[0])


def _has_ended(period: Period) -> bool:
    return period.end is not None and period.end <= datetime.now(UTC).replace(tzinfo=None)
