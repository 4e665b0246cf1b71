"""Time ranges: the presets, and local dates as bounds in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from audit_store.errors import InvalidFilter
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
RANGES = {
    "1h": "Last hour",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "1y": "Last year",
    "all": "All time",
    "custom": "Custom dates",
}


# `fromisoformat` accepts more: any character between date and time, and any number of digits.
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


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


def relative(name: str, now: datetime) -> Period:
    """The period of a preset; it ends with the current minute, so that views of the same minute share their reads.

    `now` is aware. Raises InvalidFilter for an unknown preset.
    """
    if name == "all":
        return Period()
    if name not in LENGTHS:
        raise InvalidFilter("range", name, f"give one of {', '.join(RANGES)}")
    utc = now.astimezone(UTC).replace(tzinfo=None)
    end = utc.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Period(end - LENGTHS[name], end)


def custom(start: str | None, end: str | None, tz: tzinfo) -> Period:
    """[from, to) of local dates or date-times, clipped to the years an event can have; either may be missing.

    Raises InvalidFilter for an invalid date and for an empty period.
    """
    period = Period(_bound("from", start, tz), _bound("to", end, tz))
    if period.start is not None and period.end is not None and period.end <= period.start:
        raise InvalidFilter("to", end, f"it must be later than from={start}")
    return period


def _bound(parameter: str, text: str | None, tz: tzinfo) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text if _ISO.fullmatch(text) else "")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=tz)
        return min(max(moment.astimezone(UTC), EARLIEST), LATEST).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise InvalidFilter(parameter, text, "give a date such as 2026-03-14 or 2026-03-14T09:26") from None


def is_midnight(moment: datetime) -> bool:
    """Whether a datetime is at the very start of its day."""
    return moment.time() == time()
