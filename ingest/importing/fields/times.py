"""The time of an event in the notations of logs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from audit_store import event
from audit_store.errors import InvalidEvent

UNITS: Mapping[str, tuple[str, int]] = {
    "s": ("seconds", 1),
    "ms": ("milliseconds", 10**3),
    "us": ("microseconds", 10**6),
    "ns": ("nanoseconds", 10**9),
}
"""The units of a number that is a time: their names, and how many are a second."""

# From here on (3 March 1973) the digits of a number say its unit.
_LEAST_SECONDS = 10**8
_FACTOR = 10**3
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,12})?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<month_name>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))[a-z]*\.?"
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_OFFSET = r"\s*(?P<offset>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?(?:\s+\([A-Z]+\))?"
_DATES = {
    "year-month-day": r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
    "yearmonthday": r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?=T|\d)",
    "day.month.year": r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
    "day month-name year": rf"(?P<day>\d{{1,2}})[-/ ]{_MONTH}[-/ ,]+(?P<year>\d{{4}})",
    "month-name day, year": rf"{_MONTH} +(?P<day>\d{{1,2}}),? +(?P<year>\d{{4}})",
    "a/b/year": r"(?P<first>\d{1,2})[/-](?P<second_number>\d{1,2})[/-](?P<year>\d{4})",
}
_COMPACT_CLOCK = r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?"
_YEAR_TO_HOUR = r"(?:19|20|21)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])"
_DATE_OF_DIGITS = re.compile(rf"{_YEAR_TO_HOUR}[0-5]\d[0-6]\d(?:\.\d+)?")
_MAYBE_DATE = re.compile(rf"{_YEAR_TO_HOUR}(?:[0-5]\d)?")
_WEEKDAY = r"(?:[A-Z][a-z]{2,8},? +)?"
_WITH_YEAR_LAST = rf"{_WEEKDAY}{_MONTH} +(?P<day>\d{{1,2}}) +{_CLOCK}{_OFFSET}\s+(?P<year>\d{{4}})"
_EXAMPLE = "2026-03-14T09:26:53Z"
_NO_SUCH_TIME = "there is no such day or time of day"
_LEAP_SECOND = 60
_MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class TimeRules:
    """How the times of a file are written.

    `zone` is that of times without an offset. `formats` are those of strptime, tried in order; without any, every
    notation that can be told from the others is read. With `strict`, only RFC 3339 is. `unit` is that of numbers.
    """

    zone: tzinfo | None = None
    formats: tuple[str, ...] = ()
    unit: str | None = None
    strict: bool = False


class Reading(NamedTuple):
    """A time in UTC, the notation that it was written in, and whether it came with an offset."""

    moment: datetime
    notation: str
    with_offset: bool


def read(value: object, rules: TimeRules) -> Reading:
    """A time in UTC, with microseconds; further digits are dropped. Raises InvalidEvent.

    A number counts seconds, milliseconds, microseconds or nanoseconds since 1970, by `rules.unit`, or else by its
    size: up to 10^11 seconds, to 10^14 milliseconds, to 10^17 microseconds; below 10^8 it is refused. Of a local
    time that an hour repeats, the first is meant; one that the clocks skipped is refused. A leap second (23:59:60
    UTC) is the second after it. A date alone is its midnight. A date such as 01/02/2024 is refused, because its day
    and its month could be either; 13/02/2024 is not.
    """
    if rules.strict:
        return Reading(event.parse_time(value, rules.zone), "RFC 3339", with_offset=True)
    if isinstance(value, datetime):
        return Reading(event.parse_time(value, rules.zone), "RFC 3339", value.utcoffset() is not None)
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if rules.formats:
        return _by_format(value, text, rules)
    if _NUMBER.fullmatch(text) and not isinstance(value, bool) and not _has_date(text, rules.unit):
        return _of_number(value, text, rules.unit)
    for name, notation in _notations().items():
        if match := notation.fullmatch(text):
            return _of_match(value, name, match, rules.zone)
    raise InvalidEvent(
        "occurred_at", value, f"write it like {_EXAMPLE}, or say how it is written with --time-format"
    )


@cache
def _notations() -> Mapping[str, re.Pattern[str]]:
    """The patterns of the notations by name; many imports do without them."""
    patterns = {}
    for name, day in _DATES.items():
        if name == "yearmonthday":
            patterns[name] = re.compile(rf"{day}T?{_COMPACT_CLOCK}{_OFFSET}")
        else:
            patterns[name] = re.compile(rf"{_WEEKDAY}{day}(?:(?:T|t|,?\s+|:){_CLOCK}{_OFFSET})?")
    return patterns | {"month-name day clock year": re.compile(_WITH_YEAR_LAST)}


def _by_format(value: object, text: str, rules: TimeRules) -> Reading:
    for pattern in rules.formats:
        try:
            moment = datetime.strptime(text, pattern)  # noqa: DTZ007
        except ValueError:
            continue
        return _placed(value, pattern, moment, moment.tzinfo, rules.zone)
    raise InvalidEvent("occurred_at", value, f"it must fit the time format {' or '.join(rules.formats)}")


def _has_date(text: str, unit: str | None) -> bool:
    """Whether the digits of a number are those of a date and a time of day, to the second."""
    return unit is None and _DATE_OF_DIGITS.fullmatch(text) is not None


def _of_number(value: object, text: str, unit: str | None) -> Reading:
    if unit is None and _MAYBE_DATE.fullmatch(text):
        raise InvalidEvent(
            "occurred_at",
            value,
            "it could be a date with an hour as well as a number since 1970: say which with --time-format, such as "
            "'%Y%m%d%H%M' or ms",
        )
    number = Decimal(text)
    name = unit or _unit_by_size(value, number)
    word, per_second = UNITS[name]
    try:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(number * 10**6 // per_second))
    except OverflowError:
        moment = event.LATEST
    return Reading(event.parse_time(moment), f"{word} since 1970", with_offset=True)


def _unit_by_size(value: object, number: Decimal) -> str:
    least = _LEAST_SECONDS
    for name in UNITS:
        if least <= number < least * _FACTOR:
            return name
        least *= _FACTOR
    raise InvalidEvent(
        "occurred_at", value, "name the unit of this number with --time-format s, ms, us or ns"
    )


def _of_match(value: object, name: str, match: re.Match[str], zone: tzinfo | None) -> Reading:
    parts = {key: part for key, part in match.groupdict().items() if part is not None}
    if name == "a/b/year":
        name = _told_apart(value, parts)
    if "month_name" in parts:
        parts["month"] = str(1 + _MONTHS.index(parts["month_name"].lower()))
    year, month, day = (int(parts[key]) for key in ("year", "month", "day"))
    second = int(parts.get("second", 0))
    try:
        time_of_day = time(_hour(parts), int(parts.get("minute", 0)), min(second, _LEAP_SECOND - 1))
        moment = datetime.combine(date(year, month, day), time_of_day)
        offset = _offset(parts["offset"]) if "offset" in parts else None
    except ValueError:
        raise InvalidEvent("occurred_at", value, _NO_SUCH_TIME) from None
    if second > _LEAP_SECOND:
        raise InvalidEvent("occurred_at", value, _NO_SUCH_TIME)
    if second < _LEAP_SECOND:
        moment = moment.replace(microsecond=int(parts.get("fraction", "")[:6].ljust(6, "0")))
    if "half" in parts:
        name += ", 12 hours"
    elif "hour" not in parts:
        name += ", without a time of day"
    reading = _placed(value, name, moment, offset, zone)
    return _after_leap_second(value, reading) if second == _LEAP_SECOND else reading


def _told_apart(value: object, parts: dict[str, str]) -> str:
    """Put the day and the month of a date such as 13/02/2024 into the parts; gives the name of the notation."""
    first, second = parts["first"], parts["second_number"]
    if int(first) <= _MOST_MONTHS and int(second) <= _MOST_MONTHS and int(first) != int(second):
        raise InvalidEvent(
            "occurred_at",
            value,
            "its day and its month could be either: say which with --time-format, such as "
            "'%m/%d/%Y %I:%M:%S %p' or '%d/%m/%Y %H:%M:%S'",
        )
    day_first = int(first) > _MOST_MONTHS
    parts["day"], parts["month"] = (first, second) if day_first else (second, first)
    return "day/month/year" if day_first else "month/day/year"


def _hour(parts: dict[str, str]) -> int:
    hour = int(parts.get("hour", 0))
    if "half" not in parts:
        return hour
    if not 1 <= hour <= _MOST_MONTHS:
        raise ValueError
    return hour % 12 + (12 if parts["half"] in "pP" else 0)


def _offset(text: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _placed(
    value: object, name: str, moment: datetime, offset: tzinfo | None, zone: tzinfo | None
) -> Reading:
    """A time with its offset or in its zone, where it must exist."""
    if offset is not None:
        return Reading(event.parse_time(moment.replace(tzinfo=offset)), name, with_offset=True)
    if zone is None:
        raise InvalidEvent("occurred_at", value, "it has no offset: name the time zone with --timezone")
    instant = event.parse_time(moment, zone)
    if instant.astimezone(zone).replace(tzinfo=None) != moment:
        raise InvalidEvent(
            "occurred_at", value, f"there is no such time in {zone}: the clocks were put forward over it"
        )
    return Reading(instant, name, with_offset=False)


def _after_leap_second(value: object, reading: Reading) -> Reading:
    if (reading.moment.hour, reading.moment.minute) != (23, 59):
        raise InvalidEvent("occurred_at", value, "a leap second is the last of a day in UTC, 23:59:60")
    return reading._replace(moment=event.parse_time(reading.moment + timedelta(seconds=1)))
