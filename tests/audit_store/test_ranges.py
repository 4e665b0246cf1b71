"""Presets and local dates become bounds in UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit_store import ranges
from audit_store.errors import InvalidFilter
from audit_store.ranges import Period

NOW = datetime(2026, 3, 14, 12, 0, 30, tzinfo=UTC)


def utc(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "hours"),
    [("1h", 1), ("24h", 24), ("7d", 7 * 24), ("30d", 30 * 24), ("90d", 90 * 24), ("1y", 365 * 24)],
)
def test_a_preset_ends_with_the_current_minute(name: str, hours: int) -> None:
    period = ranges.relative(name, NOW)
    assert period.end == utc("2026-03-14T12:01")
    assert period.length == timedelta(hours=hours)
    assert ranges.relative(name, NOW.astimezone(ZoneInfo("Asia/Kolkata"))) == period
    assert ranges.relative(name, NOW.replace(second=59)) == period


def test_all_is_open_and_every_preset_has_a_name_for_people() -> None:
    assert ranges.relative("all", NOW) == Period(None, None)
    assert set(ranges.RANGES) == {*ranges.LENGTHS, *ranges.CALENDAR, "all", "custom"}
    assert ranges.DEFAULT_RANGE in ranges.LENGTHS


@pytest.mark.parametrize(
    ("name", "tz", "now", "start", "end"),
    [
        ("today", "UTC", "2026-03-14T12:00:30Z", "2026-03-14", "2026-03-14T12:01"),
        ("today", "Asia/Kolkata", "2026-03-14T18:29:30Z", "2026-03-13T18:30", "2026-03-14T18:30"),
        ("today", "Asia/Kolkata", "2026-03-14T18:30:30Z", "2026-03-14T18:30", "2026-03-14T18:31"),
        (
            "yesterday",
            "America/New_York",
            "2026-03-09T12:00Z",
            "2026-03-08T05:00",
            "2026-03-09T04:00",
        ),  # 23 hours
        ("this_week", "UTC", "2026-03-14T12:00Z", "2026-03-09", "2026-03-14T12:01"),
        ("this_week", "UTC", "2026-03-09T00:00Z", "2026-03-09", "2026-03-09T00:01"),
        ("last_week", "Europe/Berlin", "2026-04-05T12:00Z", "2026-03-22T23:00", "2026-03-29T22:00"),
        ("this_month", "Asia/Kolkata", "2026-02-28T18:30Z", "2026-02-28T18:30", "2026-02-28T18:31"),
        ("last_month", "UTC", "2026-01-31T12:00Z", "2025-12-01", "2026-01-01"),
        ("last_month", "Africa/Cairo", "2026-05-01T12:00Z", "2026-03-31T22:00", "2026-04-30T21:00"),
    ],
)
def test_days_weeks_and_months_are_those_of_the_zone(
    name: str, tz: str, now: str, start: str, end: str
) -> None:
    period = ranges.relative(name, datetime.fromisoformat(now), ranges.zone(tz))
    assert period == Period(utc(start), utc(end))


CUSTOM = [
    ("UTC", "2026-03-08", "2026-03-09", "2026-03-08T00:00", "2026-03-09T00:00"),
    ("Asia/Kolkata", "2026-03-08", "2026-03-09", "2026-03-07T18:30", "2026-03-08T18:30"),
    ("America/New_York", "2026-03-08", "2026-03-09", "2026-03-08T05:00", "2026-03-09T04:00"),
    ("America/New_York", "2026-11-01", "2026-11-02", "2026-11-01T04:00", "2026-11-02T05:00"),
    ("America/New_York", "2026-03-08T02:30", None, "2026-03-08T07:30", None),
    ("America/New_York", "2026-11-01T01:30", None, "2026-11-01T05:30", None),
    ("Africa/Cairo", "2026-04-24", "2026-04-25", "2026-04-23T22:00", "2026-04-24T21:00"),  # no midnight
    ("Asia/Kolkata", "2026-03-08T09:15:30.5", None, "2026-03-08T03:45:30.5", None),
    ("Asia/Kolkata", "2026-03-08T09:15Z", None, "2026-03-08T09:15", None),
    ("UTC", "2026-03-08T09:15+05:30", "2026-03-08 09:15:01-01:00", "2026-03-08T03:45", "2026-03-08T10:15:01"),
    ("UTC", "2026-03-08T09:15 05:30", "2026-03-08 09:15", "2026-03-08T03:45", "2026-03-08T09:15"),
    (
        "Europe/Berlin",
        "2026-10-25T02:30+02:00",
        "2026-10-25T02:30+01:00",
        "2026-10-25T00:30",
        "2026-10-25T01:30",
    ),
    ("UTC", None, "9999-12-31", None, "2200-01-01T00:00"),
    ("UTC", "0001-01-01", "", "1970-01-01T00:00", None),
    ("UTC", None, None, None, None),
]


@pytest.mark.parametrize(("tz", "start", "end", "from_utc", "to_utc"), CUSTOM)
def test_local_dates_become_half_open_bounds(
    tz: str, start: str | None, end: str | None, from_utc: str | None, to_utc: str | None
) -> None:
    assert ranges.custom(start, end, ranges.zone(tz)) == (Period(utc(from_utc), utc(to_utc)), [])


@pytest.mark.parametrize(
    ("tz", "start", "end", "wrong"),
    [
        ("UTC", "2026-03-09", "2026-03-08", ["from", "to"]),
        ("UTC", "2026-03-09", "2026-03-09", ["from", "to"]),
        ("UTC", "2300-01-01", "2400-01-01", ["from", "to"]),
        ("UTC", "2026-03-08\ud80009:26", None, ["from"]),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T03:15", ["from", "to"]),  # in the gap
        ("UTC", "2026-02-30", None, ["from"]),
        ("UTC", None, "14.3.2026", ["to"]),
        ("UTC", "soon", "2026-03-08Z", ["from", "to"]),
        ("UTC", "2026-03-08\0", None, ["from"]),
        ("America/New_York", None, "9999-12-31T23:00", ["to"]),
        ("Asia/Kolkata", "0001-01-01", None, ["from"]),
        ("UTC", "1" * 100_000, None, ["from"]),
    ],
)
def test_dates_that_cannot_be_used_are_named(
    tz: str, start: str | None, end: str | None, wrong: list[str]
) -> None:
    period, notices = ranges.custom(start, end, ranges.zone(tz))
    assert period is None
    assert [notice.parameter for notice in notices] == wrong
    assert [notice.value for notice in notices] == [{"from": start, "to": end}[name] for name in wrong]
    assert all(len(str(notice)) < 350 for notice in notices)


@pytest.mark.parametrize("name", ["7days", "", "custom", "1H", "1h\0"])
def test_an_unknown_preset_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(
        InvalidFilter, match="give one of 1h, 24h, 7d, 30d, 90d, 1y, today, yesterday, this_week"
    ):
        ranges.relative(name, NOW)


@pytest.mark.parametrize(
    "name", ["", "Mars", "America", "../UTC", "/etc/localtime", "posixrules", "utc\0", "\ud800", "x" * 9999]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidFilter, match="give an IANA time zone"):
        ranges.zone(name)


def test_the_period_before_has_the_same_length() -> None:
    period = ranges.relative("7d", NOW)
    assert period.before == Period(utc("2026-02-28T12:01"), utc("2026-03-07T12:01"))
    assert [Period(end=period.end).before, Period(start=period.start).before, Period().length] == [None] * 3


def test_midnight() -> None:
    assert ranges.is_midnight(datetime(2026, 3, 14, tzinfo=UTC))
    assert not ranges.is_midnight(NOW)
