"""UTC and local time: naive datetimes in UTC become texts, in UTC or in a time zone."""

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The time now, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


def utc_text(moment: datetime, timespec: str = "microseconds") -> str:
    """RFC 3339 of a naive datetime in UTC.

    >>> utc_text(datetime(2026, 3, 14, 9, 26), "seconds")
    '2026-03-14T09:26:00Z'
    """
    return moment.isoformat(timespec=timespec) + "Z"


def from_utc_text(text: str) -> datetime:
    """The naive datetime in UTC of an RFC 3339 text. Raises ValueError.

    >>> from_utc_text("2026-03-14T09:26:00Z")
    datetime.datetime(2026, 3, 14, 9, 26)
    """
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def wall_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    """The naive local time of a naive datetime in UTC.

    >>> wall_clock(datetime(2026, 3, 14, 9, 26), ZoneInfo("Asia/Kolkata"))
    datetime.datetime(2026, 3, 14, 14, 56)
    """
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of a naive datetime in UTC."""
    return (moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def name_stamp() -> str:
    """The time now in UTC, as the name of a file has it, such as 20260314T092653.589793Z."""
    return f"{now():%Y%m%dT%H%M%S.%fZ}"


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """RFC 3339 of a naive datetime in UTC, in `zone` with its offset and microseconds."""
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    offset = local.utcoffset() or timedelta()
    if offset % timedelta(minutes=1):
        # RFC 3339 offsets have no seconds; Liberia's had until 1972.
        local = local.astimezone(timezone(round(offset / timedelta(minutes=1)) * timedelta(minutes=1)))
    return local.isoformat(timespec="microseconds")


def bound_text(moment: datetime, zone: ZoneInfo) -> str:
    """A naive datetime in UTC as the parameters `from` and `to` write it: a local date where it is midnight.

    Seconds are written where they are not zero, and the offset only where the local time occurs twice.

    >>> bound_text(datetime(2026, 10, 25, 1, 30), ZoneInfo("Europe/Berlin"))
    '2026-10-25T02:30+01:00'
    """
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    plain = local.replace(tzinfo=None)
    if local.utcoffset() != plain.replace(tzinfo=zone, fold=1 - local.fold).utcoffset():
        return _to_precision(local)
    return plain_text(plain)


def plain_text(local: datetime) -> str:
    """A naive local time as the parameters `from` and `to` write it: a date where it is midnight.

    >>> plain_text(datetime(2026, 3, 14)), plain_text(datetime(2026, 3, 14, 9, 26))
    ('2026-03-14', '2026-03-14T09:26')
    """
    return local.date().isoformat() if local.time() == time() else _to_precision(local)


def _to_precision(local: datetime) -> str:
    """ISO text with seconds where they are not zero."""
    return local.isoformat(timespec="auto" if local.second or local.microsecond else "minutes")
