"""Hours of the week in a time zone: as values of a URL and as words, and the offsets of a zone.

A value is `Tue-14`, the hour from 14:00 on Tuesdays, or `off`: every hour outside Monday to Friday, 8 to 18.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

OFF = "off"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CHOICES = (OFF, *(f"{day}-{hour:02}" for day in DAYS for hour in range(24)))
ALLOWED = "give off, or an hour of the week such as Tue-14"
OFF_WORDS = "outside Mon–Fri 08:00–18:00"
_WORKDAYS, _FROM, _TO = 5, 8, 18
_WEEK = timedelta(days=7)
_SECOND = timedelta(seconds=1)


def words(value: str) -> str:
    """A value in words.

    >>> words("Tue-14")
    'Tue 14:00–14:59'
    """
    day, _, hour = value.partition("-")
    return OFF_WORDS if value == OFF else f"{day} {hour}:00–{hour}:59"


def label(value: str) -> str:
    """A value as a list of choices shows it.

    >>> label("off")
    'Off-hours, outside Mon–Fri 08:00–18:00'
    """
    return f"Off-hours, {OFF_WORDS}" if value == OFF else words(value)


def hour_numbers(values: Sequence[str]) -> list[int]:
    """The hours of the week that these values stand for: 0 (Monday, midnight) to 167."""
    return [
        24 * weekday + hour
        for weekday, day in enumerate(DAYS)
        for hour in range(24)
        if f"{day}-{hour:02}" in values
        or (OFF in values and not (weekday < _WORKDAYS and _FROM <= hour < _TO))
    ]


Stretch = tuple[datetime, int]
"""When an offset begins (naive UTC), and the offset in microseconds."""


@lru_cache(maxsize=64)
def offsets(zone: ZoneInfo, start: datetime, end: datetime) -> tuple[Stretch, ...]:
    """The offsets of a zone in [start, end), naive UTC: a stretch from `start` and one for each change after it."""
    stretches = [(start, _offset(zone, start))]
    moment = start
    while moment < end:
        later = min(moment + _WEEK, end)
        if _offset(zone, later) != stretches[-1][1]:
            stretches.append(_change(zone, moment, later))
        moment = later
    return tuple(stretches)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> Stretch:
    """The first second with the offset of `after`; there is one change between the two."""
    offset = _offset(zone, after)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if _offset(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0), offset


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)
