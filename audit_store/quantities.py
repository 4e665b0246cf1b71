"""Counts, sizes and lengths of time as words for a person."""

from datetime import timedelta

import humanize


def counted(number: float, noun: str, plural: str | None = None, *, decimals: int = 0) -> str:
    """A number with thousands separators and what it counts; `plural` defaults to the noun and "s".

    The number is rounded to at most `decimals` decimals.

    >>> counted(1, "event"), counted(7955, "event"), counted(2, "address", "addresses")
    ('1 event', '7,955 events', '2 addresses')
    >>> counted(2.5, "week", decimals=1), counted(2.0, "week", decimals=1)
    ('2.5 weeks', '2 weeks')
    """
    rounded = round(number, decimals)
    text = f"{rounded:,}" if rounded % 1 else f"{rounded:,.0f}"
    return f"{text} {noun if rounded == 1 else plural or noun + 's'}"


def size(count: int) -> str:
    """A number of bytes in decimal units.

    >>> size(1), size(12_600_000)
    ('1 Byte', '12.6 MB')
    """
    return humanize.naturalsize(count)


def duration(length: timedelta) -> str:
    """A length of time in days and smaller units, to the second.

    >>> duration(timedelta(hours=1, minutes=30)), duration(timedelta(days=90))
    ('1 hour and 30 minutes', '90 days')
    """
    return humanize.precisedelta(length, suppress=("years", "months"), format="%d")


def roughly(length: timedelta) -> str:
    """A length of time in its largest unit.

    >>> roughly(timedelta(hours=3, minutes=12)), roughly(timedelta(hours=1))
    ('3 hours', 'an hour')
    """
    return humanize.naturaldelta(length, months=False)


def ago(length: timedelta) -> str:
    """How long ago, in the largest unit; less than a second is "now", a negative length is in the future.

    >>> ago(timedelta(minutes=3, seconds=5)), ago(timedelta(hours=-2))
    ('3 minutes ago', '2 hours from now')
    """
    return humanize.naturaltime(length, months=False)
