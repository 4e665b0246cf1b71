"""A walk through the middle of the log, which begins near the event with a given number of newer ones."""

from dataclasses import replace
from datetime import datetime

from audit_store.filters import EventFilter
from dashboard import data, newest_hours
from dashboard.log.pin import Pin
from dashboard.log.walk import Walk
from dashboard.newest_hours import HOUR, within


def jump(pinned: Pin, events: int, skip: int) -> tuple[Walk, int] | None:
    """A walk from a position with at most `skip` newer events of the filter, and the number of these.

    The list has `events` events. The position comes from the number of events in each hour; where the log is in the
    order of time, it has few more newer ones than wanted and few events are read. None where it has too many.
    Raises as `data.surroundings` does.
    """
    begin = newest_hours.begin(pinned.whole, skip)
    if begin is None:
        return None
    [later] = data.frames(
        data.queries().seqs(within(pinned.where, begin, begin + HOUR), since=0, below=pinned.below)
    )
    if later.empty:
        return None
    below = int(later["seq"].min())
    newer = events - _older(pinned.where, below, begin)
    return (Walk(replace(pinned, below=below)), newer) if newer <= skip else None


def _older(where: EventFilter, seq: int, moment: datetime) -> int:
    """How many events come before `seq` in the log.

    Nearly all of them occurred before `moment`; those are counted by roll-ups. The others are in few row groups.
    """
    before, rest = data.frames(
        data.queries().total(replace(within(where, None, moment), below=seq)),
        data.queries().blocks(within(where, moment, None), since=0, below=seq),
    )
    return int(before["events"].iloc[0]) + int(rest["events"].sum())
