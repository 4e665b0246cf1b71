"""Stretches of four weeks, into which time is cut.

The hours of a stretch are judged from the counts since sixteen weeks before its start. So the judgement of an hour
depends on the counts before it alone, and not on when it is judged, or together with which other hours.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alarms.counts import HISTORY

LENGTH = timedelta(weeks=4)
_FIRST = datetime(1970, 1, 5)  # noqa: DTZ001 - naive UTC; a Monday

Stretch = tuple[datetime, datetime]
"""[start, end), naive UTC."""


def stretch_of(moment: datetime) -> Stretch:
    """The stretch in which a moment lies (naive UTC)."""
    start = _FIRST + (moment - _FIRST) // LENGTH * LENGTH
    return start, start + LENGTH


def concerned(moments: Iterable[datetime]) -> set[Stretch]:
    """The stretches in which these moments lie, or whose hours are judged from counts at these moments."""
    starts = {stretch_of(moment)[0] for moment in moments}
    later = range(HISTORY // LENGTH + 1)
    return {(start + number * LENGTH, start + (number + 1) * LENGTH) for start in starts for number in later}
