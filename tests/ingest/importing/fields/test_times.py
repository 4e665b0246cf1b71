"""Times in the notations of logs: what each is read as, and which are refused because they could be another."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from audit_store.errors import InvalidEvent
from ingest.importing.fields.time_samples import sample
from ingest.importing.fields.times import TimeRules, read

BERLIN = TimeRules(ZoneInfo("Europe/Berlin"))

READ = [
    (1671111111, "2022-12-15T13:31:51"),
    (1671111111111, "2022-12-15T13:31:51.111"),
    ("1481076983.819", "2016-12-07T02:16:23.819"),
    (1481076983.819, "2016-12-07T02:16:23.819"),
    ("1544712660300001", "2018-12-13T14:51:00.300001"),
    ("1544712660300000999", "2018-12-13T14:51:00.300"),
    ("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36"),
    ("2022-02-08 09:23:37+11:00", "2022-02-07T22:23:37"),
    ("2024-02-01T10:00:00+0000", "2024-02-01T10:00:00"),
    ("2024-02-01T10:00:00+02", "2024-02-01T08:00:00"),
    ("2024-12-17T10:30:00.0000000Z", "2024-12-17T10:30:00"),
    ("2021-12-20 17:27:47 UTC", "2021-12-20T17:27:47"),
    ("20240201T100000Z", "2024-02-01T10:00:00"),
    ("20240201100000", "2024-02-01T09:00:00"),
    ("20240201100000Z", "2024-02-01T10:00:00"),
    ("20240201100000.5+0100", "2024-02-01T09:00:00.5"),
    (20240201100000, "2024-02-01T09:00:00"),
    ("2024-02-01 10:00:00,123", "2024-02-01T09:00:00.123"),
    ("2024-02-01", "2024-01-31T23:00:00"),
    ("5/28/2024 3:14:05 PM", "2024-05-28T13:14:05"),
    ("5/28/2024, 12:14:05 am", "2024-05-27T22:14:05"),
    ("28/05/2024 15:14", "2024-05-28T13:14:00"),
    ("05/05/2024 12:00:00", "2024-05-05T10:00:00"),
    ("01.02.2024 10:00:00", "2024-02-01T09:00:00"),
    ("Thu, 01 Feb 2024 10:00:00 GMT", "2024-02-01T10:00:00"),
    ("Thu Feb  1 10:00:00 2024", "2024-02-01T09:00:00"),
    ("February 1, 2024 10:00:00 AM", "2024-02-01T09:00:00"),
    # An hour that comes twice is the first, in summer time.
    ("2024-10-27T02:30:00", "2024-10-27T00:30:00"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00"),
    ("2017-01-01T00:59:60", "2017-01-01T00:00:00"),
]


@pytest.mark.parametrize(("value", "moment"), READ, ids=str)
def test_a_time_is_read_in_every_notation_of_logs(value: Any, moment: str) -> None:
    expected = moment if "." not in moment else moment.ljust(26, "0")
    assert read(value, BERLIN).moment.replace(tzinfo=None).isoformat() == expected


REFUSED = [
    ("01/02/2024 10:00:00", "could be either: say which with --time-format"),
    ("1/2/2024", "could be either"),
    (5, "name the unit"),
    ("20240201", "name the unit"),
    ("2024-03-31T02:30:00", "the clocks were put forward"),
    ("2016-12-31T12:59:60Z", "a leap second is the last of a day"),
    ("2024-02-30", "no such day"),
    ("2024-02-01 10:00:61", "no such day or time"),
    ("2024-02-01 13:00:00 PM", "no such day or time"),
    ("2024-02-01T10:00:00+99:00", "no such day or time"),
    ("2024-02-01T10:00:00 EST", "--time-format"),
    ("5/28/24", "--time-format"),
    ("yesterday", "--time-format"),
    (True, "--time-format"),
    ("99999999999999", "1970 to 2199"),
    ("202402011000", "it could be a date with an hour as well as a number since 1970"),
    (2024020110, "it could be a date with an hour as well as a number since 1970"),
    ("20240231100000", "no such day or time"),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED, ids=str)
def test_a_time_that_could_be_another_is_refused_with_what_to_do(value: Any, reason: str) -> None:
    with pytest.raises(InvalidEvent, match=reason):
        read(value, BERLIN)


def test_a_time_without_an_offset_needs_a_zone() -> None:
    with pytest.raises(InvalidEvent, match="name the time zone with --timezone"):
        read("2024-02-01 10:00:00", TimeRules())


@pytest.mark.parametrize(
    ("rules", "value", "moment"),
    [
        (TimeRules(BERLIN.zone, ("%d/%m/%Y %H:%M",)), "01/02/2024 10:00", "2024-02-01T09:00:00"),
        (TimeRules(BERLIN.zone, ("%Y%m%d%H%M",)), "202402011000", "2024-02-01T09:00:00"),
        (TimeRules(BERLIN.zone, unit="s"), "2024020110", "2034-02-20T03:48:30"),
        (TimeRules(BERLIN.zone, ("%m/%d/%Y %H:%M",)), "01/02/2024 10:00", "2024-01-02T09:00:00"),
        (TimeRules(None, ("%Y", "%d %b %Y %z")), "01 Feb 2024 +0100", "2024-01-31T23:00:00"),
        (TimeRules(None, unit="ms"), 5, "1970-01-01T00:00:00.005000"),
        (TimeRules(None, unit="s"), "1671111111.5", "2022-12-15T13:31:51.500000"),
    ],
)
def test_the_notation_may_be_given(rules: TimeRules, value: Any, moment: str) -> None:
    assert read(value, rules).moment.replace(tzinfo=None).isoformat() == moment


def test_a_time_format_that_does_not_fit_is_named() -> None:
    with pytest.raises(InvalidEvent, match="it must fit the time format %d/%m/%Y"):
        read("2024-02-01", TimeRules(formats=("%d/%m/%Y",)))


def test_a_sample_says_its_notations_zone_range_and_problems() -> None:
    times = sample(["2024-02-01 10:00:00", 1671111111111, "01/02/2024"], BERLIN)
    assert times.notations == ("year-month-day", "milliseconds since 1970")
    assert times.zone == "Europe/Berlin"
    assert (times.first, times.last) == (
        read(1671111111111, BERLIN).moment,
        read("2024-02-01T09:00Z", BERLIN).moment,
    )
    assert [problem.partition(":")[0] for problem in times.problems] == ["occurred_at"]
