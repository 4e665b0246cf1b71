"""Stretches of four weeks, into which time is cut.

The hours of a stretch are judged from the counts since sixteen weeks before its start. So the judgement of an hour
depends on the counts before it alone, and not on when it is judged, or together with which other hours.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from alarms.counts import HISTORY

LENGTH = timedelta(weeks=4)
OVERLAP = timedelta(weeks=1)
"""Longer than an alarm lasts: what comes at the same hours on three days is regular from then on."""
MARGIN = timedelta(hours=4)
"""An alarm that starts later in a stretch does not belong to one before it."""
_FIRST = datetime(1970, 1, 5)  # noqa: DTZ001 - naive UTC; a Monday

Stretch = tuple[datetime, datetime]
"""[start, end), naive UTC."""


def stretch_of(moment: datetime) -> Stretch:
    """The stretch in which a moment lies (naive UTC)."""
    start = _FIRST + (moment - _FIRST) // LENGTH * LENGTH
    return start, start + LENGTH


def window_start(stretch_start: datetime) -> datetime:
    """The time since which logins say what is expected in a stretch."""
    return stretch_start - HISTORY


def with_overlap(start: datetime, stretch: Stretch) -> datetime:
    """The hour from which on alarms are looked for where a stretch is judged from `start` on.

    It is before the stretch where an alarm could run over its start.
    """
    return stretch[0] - OVERLAP if start < stretch[0] + MARGIN else start


def concerned(moments: Iterable[datetime]) -> set[Stretch]:
    """The stretches in which these moments lie, or whose hours are judged from counts at these moments."""
    starts = {stretch_of(moment)[0] for moment in moments}
    later = range(HISTORY // LENGTH + 1)
    return {(start + number * LENGTH, start + (number + 1) * LENGTH) for start in starts for number in later}
