"""The newest hours of a filter that have few enough events to read them at once."""

from dataclasses import replace
from datetime import datetime, timedelta

from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period
from dashboard import data

HOUR = timedelta(hours=1)


def begin(where: EventFilter, events: int) -> datetime | None:
    """The begin (naive UTC) of the earliest hour from which on there are at most `events`; None without any.

    Raises as `data.surroundings` does.
    """
    [hours] = data.frames(data.queries().moved(where, timedelta(), Buckets(HOUR)))
    newer = hours["events"][::-1].cumsum()
    later = hours["bucket"][::-1][newer <= events]
    return None if later.empty else later.iloc[-1].to_pydatetime()


def within(where: EventFilter, start: datetime | None, end: datetime | None) -> EventFilter:
    """The filter for the part of its period that is in [start, end)."""
    starts = [moment for moment in (where.period.start, start) if moment is not None]
    ends = [moment for moment in (where.period.end, end) if moment is not None]
    return replace(where, period=Period(max(starts, default=None), min(ends, default=None)))
