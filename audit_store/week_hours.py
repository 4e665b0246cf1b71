"""Hours of the week in a time zone: as values of a URL, as words, and as a SQL condition.

A value is `Tue-14`, the hour from 14:00 on Tuesdays, or `off`: every hour outside Monday to Friday, 8 to 18.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from audit_store.event import EARLIEST, LATEST
from audit_store.ranges import Period

OFF = "off"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CHOICES = (OFF, *(f"{day}-{hour:02}" for day in DAYS for hour in range(24)))
ALLOWED = "give off, or an hour of the week such as Tue-14"
OFF_WORDS = "outside Mon–Fri 08:00–18:00"
_WORKDAYS, _FROM, _TO = 5, 8, 18
_HOUR = 3_600_000_000
# 1970 began on a Thursday; the week before keeps what is left of Greenwich from being negative.
_TO_MONDAY = (3 + 7) * 24 * _HOUR
_WEEK = timedelta(days=7)
_SECOND = timedelta(seconds=1)


def words(value: str) -> str:
    """A value for a person.

    >>> words("Tue-14")
    'Tue 14:00–14:59'
    """
    day, _, hour = value.partition("-")
    return OFF_WORDS if value == OFF else f"{day} {hour}:00–{hour}:59"


def label(value: str) -> str:
    """A value as a list offers it.

    >>> label("off")
    'Off-hours, outside Mon–Fri 08:00–18:00'
    """
    return f"Off-hours, {OFF_WORDS}" if value == OFF else words(value)


def chosen(values: Sequence[str]) -> list[int]:
    """The hours of the week that these values mean, counted from Monday's first: 0 to 167."""
    return [
        24 * place + hour
        for place, day in enumerate(DAYS)
        for hour in range(24)
        if f"{day}-{hour:02}" in values or (OFF in values and not (place < _WORKDAYS and _FROM <= hour < _TO))
    ]


def condition(zone: ZoneInfo, period: Period) -> str:
    """SQL over `occurred_at` in `period`: is its local hour in the list `$hours` of `chosen`?

    The zone's offsets stand in it as numbers: DuckDB takes ten times as long for its own time zones, and its
    tables of them may be older than Python's.
    """
    begin = period.start or EARLIEST.replace(tzinfo=None)
    end = period.end or LATEST.replace(tzinfo=None)
    offset = _nested(_stretches(zone, begin, end))
    return f"(epoch_us(occurred_at) + {offset} + {_TO_MONDAY}) // {_HOUR} % 168 = ANY($hours)"


Stretch = tuple[datetime, int]


@lru_cache(maxsize=64)
def _stretches(zone: ZoneInfo, begin: datetime, end: datetime) -> tuple[Stretch, ...]:
    """(naive UTC start, offset in microseconds) of each stretch with one offset that [begin, end) touches."""
    found = [(begin, _offset(zone, begin))]
    moment = begin
    while moment < end:
        later = min(moment + _WEEK, end)
        if _offset(zone, later) != found[-1][1]:
            found.append(_change(zone, moment, later))
        moment = later
    return tuple(found)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> Stretch:
    """The first second with the offset of `after`; there is one change between the two."""
    wanted = _offset(zone, after)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if _offset(zone, middle) == wanted:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0), wanted


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)


def _nested(stretches: Sequence[Stretch]) -> str:
    """A search by halves: each row is compared with few of the changes, however many there are."""
    if len(stretches) == 1:
        return f"({stretches[0][1]})"
    half = len(stretches) // 2
    early, late = _nested(stretches[:half]), _nested(stretches[half:])
    return f"CASE WHEN occurred_at < TIMESTAMP '{stretches[half][0]}' THEN {early} ELSE {late} END"
