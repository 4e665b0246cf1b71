"""Moments as words, in the reader's time zone. All moments given are naive and in UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def local(moment: datetime, zone: ZoneInfo, *, exact: bool = False) -> str:
    """Date, time and offset: "2026-03-14 14:56:53 +05:30"; with `exact`, the microseconds too."""
    there = moment.replace(tzinfo=UTC).astimezone(zone)
    text = there.isoformat(sep=" ", timespec="microseconds" if exact else "seconds")
    return f"{text[:-6]} {text[-6:]}"


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in its largest unit: "3 minutes ago"."""
    seconds = (now - moment).total_seconds()
    if seconds < -1:
        return "in the future"
    for unit, length in _UNITS:
        if seconds >= length:
            whole = int(seconds // length)
            return f"{whole:,} {unit}{'' if whole == 1 else 's'} ago"
    return "just now"


def length(span: timedelta) -> str:
    """A length of time: "day", "7 days", "1 hour 30 minutes"; of more than a day to the minute."""
    seconds = round(span.total_seconds())
    found = []
    for unit, size in (*_UNITS, ("second", 1)):
        whole, seconds = divmod(seconds, size)
        if whole:
            found.append(f"{whole:,} {unit}{'' if whole == 1 else 's'}")
    return " ".join(found).removeprefix("1 ") if len(found) == 1 else " ".join(found[:3]) or "0 seconds"
