"""A walk through the middle of the log, which begins near the event with a given number of newer ones."""

from dataclasses import replace
from datetime import datetime, timedelta

from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period
from dashboard import data
from dashboard.log.pin import Pin
from dashboard.log.walk import Walk

HOUR = timedelta(hours=1)


def jump(pinned: Pin, events: int, skip: int) -> tuple[Walk, int] | None:
    """A walk from a position with at most `skip` newer events of the filter, and the number of these.

    The list has `events` events. The position comes from the number of events in each hour; where the log is in the
    order of time, it has few more newer ones than wanted and few events are read. None where it has too many.
    Raises as `data.surroundings` does.
    """
    begin = _begin_of_later_hours(pinned.whole, skip)
    if begin is None:
        return None
    [later] = data.frames(
        data.queries().seqs(_within(pinned.where, begin, begin + HOUR), since=0, below=pinned.below)
    )
    if later.empty:
        return None
    below = int(later["seq"].min())
    newer = events - _older(pinned.where, below, begin)
    return (Walk(replace(pinned, below=below)), newer) if newer <= skip else None


def _begin_of_later_hours(where: EventFilter, skip: int) -> datetime | None:
    """The begin (naive UTC) of the earliest hour from which on there are at most `skip` events; None without any."""
    [hours] = data.frames(data.queries().moved(where, timedelta(), Buckets(HOUR)))
    newer = hours["events"][::-1].cumsum()
    later = hours["bucket"][::-1][newer <= skip]
    return None if later.empty else later.iloc[-1].to_pydatetime()


def _older(where: EventFilter, seq: int, moment: datetime) -> int:
    """How many events come before `seq` in the log.

    Nearly all of them occurred before `moment`; those are counted by roll-ups. The others are in few row groups.
    """
    before, rest = data.frames(
        data.queries().total(replace(_within(where, None, moment), below=seq)),
        data.queries().blocks(_within(where, moment, None), since=0, below=seq),
    )
    return int(before["events"].iloc[0]) + int(rest["events"].sum())


def _within(where: EventFilter, start: datetime | None, end: datetime | None) -> EventFilter:
    """The filter for the part of its period that is in [start, end)."""
    starts = [moment for moment in (where.period.start, start) if moment is not None]
    ends = [moment for moment in (where.period.end, end) if moment is not None]
    return replace(where, period=Period(max(starts, default=None), min(ends, default=None)))
