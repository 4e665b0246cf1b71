"""Moments in the time zone of the viewer. Every moment that is passed in is naive and in UTC."""

from datetime import datetime
from zoneinfo import ZoneInfo

from audit_store.local_time import local_text, wall_clock
from audit_store.quantities import ago


def age(moment: datetime, now: datetime) -> str:
    """How long before `now` a moment was.

    >>> age(datetime(2026, 3, 14, 9, 26), datetime(2026, 3, 14, 12))
    '2 hours ago'
    """
    return ago(now - moment)


def local(moment: datetime, zone: ZoneInfo, *, exact: bool = False) -> str:
    """Date, time and offset; with `exact`, the microseconds too.

    >>> local(datetime(2026, 3, 14, 9, 26, 53), ZoneInfo("Asia/Kolkata"))
    '2026-03-14 14:56:53 +05:30'
    """
    text = local_text(moment, zone)
    date, time, offset = text[:10], text[11:-6], text[-6:]
    return f"{date} {time if exact else time[:8]} {offset}"


def day(moment: datetime, zone: ZoneInfo) -> str:
    """The local date of a moment.

    >>> day(datetime(2026, 3, 3, 23), ZoneInfo("Asia/Kolkata"))
    '4 March 2026'
    """
    there = wall_clock(moment, zone)
    return f"{there.day} {there:%B %Y}"
