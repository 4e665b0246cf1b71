"""Time ranges: relative ones such as the last 7 days or last week, and local dates as bounds in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from audit_store.errors import InvalidFilter, shorten
from audit_store.event import EARLIEST, LATEST

DEFAULT_RANGE = "7d"
LENGTHS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "1y": timedelta(days=365),
}
CALENDAR = {
    "today": "Today",
    "yesterday": "Yesterday",
    "this_week": "This week",
    "last_week": "Last week",
    "this_month": "This month",
    "last_month": "Last month",
}
"""Ranges of local days; weeks begin on Monday. The current day, week or month lasts until now."""
RANGES = {
    "1h": "Last hour",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "1y": "Last year",
    **CALENDAR,
    "all": "All time",
    "custom": "Custom dates",
}


# `fromisoformat` accepts more: any character between date and time, and any number of digits. The plus sign of an
# offset arrives as a space where a URL does not encode it.
_ISO = re.compile(
    r"(?P<local>\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?)(?P<offset>(?<=:..)Z|[ +-]\d\d:\d\d)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open range of time [start, end): naive datetimes in UTC, None where it is open."""

    start: datetime | None = None
    end: datetime | None = None

    @property
    def length(self) -> timedelta | None:
        """The length of the period; None if it is open."""
        return None if self.start is None or self.end is None else self.end - self.start

    @property
    def before(self) -> "Period | None":
        """The period of the same length that ends where this one starts."""
        if self.start is None or self.length is None:
            return None
        return Period(self.start - self.length, self.start)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Stretches of time of one `width`: the moments (naive UTC) with the same (moment + offset) // width since 1970.

    With the offset of Asia/Kolkata, 5½ hours, buckets of an hour begin with its local hours.
    """

    width: timedelta
    offset: timedelta = timedelta()


def zone(name: str) -> ZoneInfo:
    """The IANA time zone of this name. Raises InvalidFilter for an unknown name."""
    try:
        if name in zone_names():
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        pass
    raise InvalidFilter("tz", name, "give an IANA time zone such as Europe/Berlin")


@cache
def zone_names() -> frozenset[str]:
    """The names of the IANA time zones that this machine has."""
    return frozenset(available_timezones())  # reads the whole time zone database


def relative(name: str, now: datetime, tz: tzinfo = UTC) -> Period:
    """What a relative range means at a time; days, weeks and months are those of the zone `tz`.

    One that lasts until now ends with the current minute, so that views of the same minute share their reads.
    `now` is aware. Raises InvalidFilter for an unknown range.
    """
    if name == "all":
        return Period()
    utc = now.astimezone(UTC).replace(tzinfo=None)
    end = utc.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if name in CALENDAR:
        first, after = _days(name, now.astimezone(tz).date())
        return Period(_midnight(first, tz), end if after is None else _midnight(after, tz))
    if name not in LENGTHS:
        raise InvalidFilter("range", name, f"give one of {', '.join(RANGES)}")
    return Period(end - LENGTHS[name], end)


def _days(name: str, today: date) -> tuple[date, date | None]:
    """The first day of one of CALENDAR, and the day after its last; None where that is now."""
    if name in ("today", "yesterday"):
        start, before = today, today - timedelta(days=1)
    elif name in ("this_week", "last_week"):
        start = today - timedelta(days=today.weekday())
        before = start - timedelta(days=7)
    else:
        start = today.replace(day=1)
        before = (start - timedelta(days=1)).replace(day=1)
    return (start, None) if name in ("today", "this_week", "this_month") else (before, start)


def _midnight(day: date, tz: tzinfo) -> datetime:
    """The start of a local day, naive UTC."""
    return datetime.combine(day, time(), tz).astimezone(UTC).replace(tzinfo=None)


def custom(start: str | None, end: str | None, tz: tzinfo) -> tuple[Period | None, list[InvalidFilter]]:
    """[from, to) of local dates or date-times, clipped to the years an event can have; either may be missing.

    None, and a notice for each date that is not valid, or for both of an empty period.
    """
    bounds: list[datetime | None] = []
    notices: list[InvalidFilter] = []
    for parameter, text in (("from", start), ("to", end)):
        try:
            bounds.append(_bound(parameter, text, tz))
        except InvalidFilter as notice:
            notices.append(notice)
    if notices:
        return None, notices
    period = Period(*bounds)
    if period.length is not None and period.length <= timedelta():
        return None, [
            InvalidFilter("from", start, f"it must be earlier than to={shorten(end)}"),
            InvalidFilter("to", end, f"it must be later than from={shorten(start)}"),
        ]
    return period, []


def _bound(parameter: str, text: str | None, tz: tzinfo) -> datetime | None:
    if not text:
        return None
    try:
        parts = _ISO.fullmatch(text)
        offset = parts["offset"] or "" if parts else ""
        moment = datetime.fromisoformat(parts["local"] + offset.replace(" ", "+") if parts else "")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=tz)
        return min(max(moment.astimezone(UTC), EARLIEST), LATEST).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise InvalidFilter(parameter, text, "give a date such as 2026-03-14 or 2026-03-14T09:26") from None


def is_midnight(moment: datetime) -> bool:
    """Whether a datetime is at the very start of its day."""
    return moment.time() == time()
