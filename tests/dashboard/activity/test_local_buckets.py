"""Counts by UTC bucket become local bars: none is lost, none moves, days start at local midnight."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_store.catalogue import load
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period
from dashboard.activity import local_buckets
from dashboard.activity.local_buckets import (
    DAY,
    HOUR,
    MONTH,
    QUARTER,
    WEEK,
    YEAR,
    chart_step,
    local_timeline,
    query_buckets,
)

ZONES = (
    "UTC",
    "Asia/Kolkata",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Havana",
)
STEPS = (timedelta(minutes=1), timedelta(minutes=5), QUARTER, HOUR, 6 * HOUR, DAY, WEEK, MONTH, YEAR)
HOURS, QUARTERS, HALF_HOURS_LATER = Buckets(HOUR), Buckets(QUARTER), Buckets(HOUR, 2 * QUARTER)
Extent = tuple[datetime | None, datetime | None]
NOWHEN: Extent = (None, None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rows(moments: Iterable[datetime], buckets: Buckets) -> pd.DataFrame:
    """What `queries.timeline` gives for events at these UTC times: every third a failure, two categories."""
    found = [(moment, ("Sign-in", "Other")[n % 2], 1, int(n % 3 == 0)) for n, moment in enumerate(moments)]
    frame = pd.DataFrame(found, columns=["bucket", "category", "events", "failures"])
    moved = pd.to_datetime(frame["bucket"]).astype("datetime64[us]") + buckets.offset
    frame["bucket"] = moved.dt.floor(buckets.width) - buckets.offset
    return frame.groupby(["bucket", "category"], as_index=False).sum()


def folded(
    moments: Sequence[datetime], zone: str, step: timedelta, period: Period, extent: Extent = NOWHEN
) -> pd.DataFrame:
    frame = rows(moments, query_buckets(step, ZoneInfo(zone), period))
    return local_timeline(frame, period=period, extent=extent, step=step, zone=ZoneInfo(zone))


def bars(frame: pd.DataFrame) -> pd.DataFrame:
    about = {"events": "sum", "failures": "sum", "until": "first", "partial": "first"}
    return frame.groupby("bucket").agg(about)


def start_of_bar(moment: datetime, zone: str, step: timedelta) -> datetime:
    """The same answer by another way: one event at a time, with the standard library."""
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if step == YEAR:
        return midnight.replace(month=1, day=1)
    if step == MONTH:
        return midnight.replace(day=1)
    if step == WEEK:
        return midnight - timedelta(days=local.weekday())
    return midnight + (local - midnight) // step * step


seconds = st.integers(0, 4 * 86400 - 1)


@given(
    zone=st.sampled_from(ZONES),
    step=st.sampled_from(STEPS[2:]),
    # Four days around each change of clocks that one of the zones makes in 2026.
    first=st.sampled_from(["2026-03-06", "2026-04-03", "2026-10-02", "2026-10-30"]).map(at),
    inside=st.lists(seconds, min_size=1, max_size=60),
    open_start=st.booleans(),
    open_end=st.booleans(),
)
def test_every_event_is_in_the_bar_of_its_local_time(
    zone: str, step: timedelta, first: datetime, inside: list[int], open_start: bool, open_end: bool
) -> None:
    moments = [first + timedelta(seconds=second) for second in sorted(inside)]
    period = Period(None if open_start else first, None if open_end else first + 4 * DAY)
    frame = folded(moments, zone, step, period, (moments[0], moments[-1]))
    expected = Counter(start_of_bar(moment, zone, step) for moment in moments)
    found = bars(frame)
    assert found.loc[found["events"] > 0, "events"].to_dict() == expected
    assert frame["failures"].sum() == (len(moments) + 2) // 3
    assert frame.groupby("category")["events"].sum().to_dict().get("Sign-in") == (len(moments) + 1) // 2
    assert (found["until"] > found.index).all()
    assert (found["until"].shift().dropna() <= found.index[1:]).all()


@given(zone=st.sampled_from(ZONES), minutes=st.integers(1, 80 * 365 * 24 * 60))
def test_a_chart_has_about_120_bars_at_most_and_no_hole(zone: str, minutes: int) -> None:
    period = Period(at("1990-05-17T09:41"), at("1990-05-17T09:41") + timedelta(minutes=minutes))
    assert period.start
    assert period.end
    step = chart_step(timedelta(minutes=minutes))
    frame = folded([period.start, period.end - timedelta(microseconds=1)], zone, step, period)
    found = bars(frame)
    assert len(found) <= 122
    assert not found["partial"].iloc[1:-1].any()
    if step >= DAY:
        assert (found["until"].to_list()[:-1]) == found.index.to_list()[1:]
        assert (frame["bucket"] == frame["bucket"].dt.normalize()).all()


@pytest.mark.parametrize(
    ("length", "step"),
    [
        (timedelta(0), timedelta(minutes=1)),
        (timedelta(hours=2), timedelta(minutes=1)),
        (timedelta(hours=2, seconds=1), timedelta(minutes=5)),
        (timedelta(hours=24), QUARTER),
        (timedelta(days=5), HOUR),
        (timedelta(days=7), 6 * HOUR),
        (timedelta(days=30), 6 * HOUR),
        (timedelta(days=90), DAY),
        (timedelta(days=365), WEEK),
        (timedelta(days=3650), YEAR),
        (timedelta(days=3600), MONTH),
        (timedelta(days=365 * 230), YEAR),
    ],
)
def test_step_of_a_chart(length: timedelta, step: timedelta) -> None:
    assert chart_step(length) == step


@pytest.mark.parametrize(
    ("step", "zone", "start", "end", "expected"),
    [
        (DAY, "UTC", None, None, HOURS),
        (DAY, "Europe/Berlin", None, None, HOURS),
        (YEAR, "America/New_York", None, None, HOURS),
        (DAY, "Asia/Kolkata", None, None, HALF_HOURS_LATER),
        (HOUR, "Asia/Kathmandu", "2026-01-01", "2026-01-02", Buckets(HOUR, 3 * QUARTER)),
        (timedelta(minutes=1), "Asia/Kathmandu", "2026-01-01", "2026-01-02", Buckets(timedelta(minutes=1))),
        (HOUR, "Australia/Lord_Howe", "2026-01-01", "2026-01-02", HOURS),  # summer: 11 hours
        (HOUR, "Australia/Lord_Howe", "2026-06-01", "2026-06-02", HALF_HOURS_LATER),  # winter: 10½
        (DAY, "Australia/Lord_Howe", "2026-04-04", "2026-04-04T15:00:01", QUARTERS),  # the change itself
        (DAY, "Australia/Lord_Howe", "2026-04-04", "2026-04-04T15:00:00", HOURS),
        (DAY, "Australia/Lord_Howe", "2026-01-01", "2027-01-01", QUARTERS),  # summer at both ends
        (DAY, "America/Caracas", "2020-01-01", "2026-01-01", HOURS),
        (DAY, "America/Caracas", "2015-01-01", "2026-01-01", QUARTERS),  # −4½ until May 2016
        (DAY, "America/St_Johns", "2026-01-01", "2027-01-01", HALF_HOURS_LATER),  # changes at 02:00
        (DAY, "America/St_Johns", "2009-01-01", "2010-01-01", QUARTERS),  # changed at 00:01
        (
            DAY,
            "Africa/Monrovia",
            "1970-01-01",
            "1971-01-01",
            Buckets(HOUR, timedelta(minutes=15, seconds=30)),
        ),
    ],
)
def test_buckets_of_a_query(
    step: timedelta, zone: str, start: str | None, end: str | None, expected: Buckets
) -> None:
    period = Period(at(start) if start else None, at(end) if end else None)
    assert query_buckets(step, ZoneInfo(zone), period) == expected


@pytest.mark.parametrize(
    ("zone", "day", "halves"),
    [
        ("America/New_York", "2026-03-08", 46),
        ("America/New_York", "2026-11-01", 50),
        ("Australia/Lord_Howe", "2026-04-05", 49),
        ("Australia/Lord_Howe", "2026-10-04", 47),
        ("Asia/Kolkata", "2026-03-08", 48),
    ],
)
def test_a_day_is_from_midnight_to_midnight_however_long(zone: str, day: str, halves: int) -> None:
    period = Period(at(day) - 2 * DAY, at(day) + 3 * DAY)
    moments = [at(day) - 2 * DAY + n * HOUR / 2 for n in range(240)]
    assert bars(folded(moments, zone, DAY, period)).loc[day, "events"] == halves
    parts = bars(folded(moments, zone, 6 * HOUR, period)).loc[day]
    assert [(bar.hour, bar.minute) for bar in parts.index] == [(0, 0), (6, 0), (12, 0), (18, 0)]
    assert parts["events"].sum() == halves
    assert parts["events"].iloc[1:].to_list() == [12, 12, 12]


def test_spring_has_no_bar_for_the_hour_it_skips_and_autumn_counts_both_passes_in_one() -> None:
    def day_of(day: str) -> pd.DataFrame:
        period = Period(at(day) - DAY, at(day) + 2 * DAY)
        moments = [at(day) - DAY + n * HOUR for n in range(72)]
        return bars(folded(moments, "America/New_York", HOUR, period)).loc[day:day]

    spring, autumn = day_of("2026-03-08"), day_of("2026-11-01")
    assert [bar.hour for bar in spring.index] == [0, 1, *range(3, 24)]
    assert (spring["events"] == 1).all()
    assert autumn["events"].to_list() == [1, 2, *[1] * 22]


@pytest.mark.parametrize(
    ("step", "start", "end", "first", "last"),
    [
        (HOUR, "2026-03-14T09:00", "2026-03-14T12:00", False, False),
        (HOUR, "2026-03-14T09:00:01", "2026-03-14T12:00", True, False),
        (HOUR, "2026-03-14T09:00", "2026-03-14T11:59:59", False, True),
        (DAY, "2026-03-08T05:00", "2026-03-09T04:00", False, False),  # a day of 23 hours in New York
        (DAY, "2026-03-08T05:00", "2026-03-09T03:59", True, True),
        (WEEK, "2026-03-02T05:00", "2026-03-09T04:00", False, False),
        (MONTH, "2026-03-01T05:00", "2026-05-01T04:00", False, False),
        (YEAR, "2025-01-01T05:00", "2026-12-31T05:00", False, True),
        (HOUR, "2026-11-01T05:00", "2026-11-01T07:00", False, False),  # both passes of the doubled hour
        (HOUR, "2026-11-01T05:00", "2026-11-01T06:00", True, True),  # the first of them
        (HOUR, "2026-11-01T06:00", "2026-11-01T07:00", True, True),  # the second
    ],
)
def test_bars_that_the_period_cuts_are_partial(
    step: timedelta, start: str, end: str, first: bool, last: bool
) -> None:
    found = bars(folded([at(start)], "America/New_York", step, Period(at(start), at(end))))["partial"]
    assert (bool(found.iloc[0]), bool(found.iloc[-1])) == (first, last)
    assert not found.iloc[1:-1].any()


def test_an_open_period_reaches_from_the_first_to_the_last_event_and_is_not_cut() -> None:
    moments = [at("2026-03-02T10:00"), at("2026-03-05T10:00")]
    found = bars(folded(moments, "UTC", DAY, Period(), (moments[0], moments[1])))
    assert found["events"].to_list() == [1, 0, 0, 1]
    assert not found["partial"].any()


def test_an_extent_beyond_the_events_gives_empty_bars_and_events_beyond_it_are_kept() -> None:
    extent = (at("2026-03-01T12:00"), at("2026-03-03T00:00"))
    found = bars(folded([at("2026-03-02T10:00"), at("2026-03-06T10:00")], "UTC", DAY, Period(), extent))
    assert found["events"].to_list() == [0, 1, 0, 1]


def test_the_half_hour_that_lord_howe_keeps_of_a_spring_hour_has_a_bar() -> None:
    period = Period(at("2026-10-03T12:15"), at("2026-10-03T18:15"))
    found = bars(folded([at("2026-10-03T12:20")], "Australia/Lord_Howe", HOUR, period))
    assert [(bar.day, bar.hour) for bar in found.index] == [
        (3, 22),
        (3, 23),
        *[(4, hour) for hour in range(6)],
    ]


@pytest.mark.parametrize("period", [Period(), Period(at("2026-03-01"), at("2026-03-02"))])
def test_without_events_there_are_no_rows_but_all_columns(period: Period) -> None:
    frame = folded([], "Asia/Kolkata", DAY, period)
    assert frame.empty
    assert list(frame) == ["bucket", "category", "events", "failures", "until", "partial"]


def test_bars_are_those_of_the_stored_events(make_store: Callable[[Iterable[Event]], Store]) -> None:
    moments = [
        at("2026-03-07T18:29:59+00:00"),
        at("2026-03-07T18:30:00+00:00"),
        at("2026-03-09T00:00:00+00:00"),
    ]
    outcomes: list[dict[str, str]] = [{"outcome": "failure"}, {}, {}]
    given_events = [
        Event.of({"occurred_at": moment, "agent": "a", "activity": "Login", **outcome})
        for moment, outcome in zip(moments, outcomes, strict=True)
    ]
    where = EventFilter(period=Period(at("2026-03-07"), at("2026-03-10")), tz="Asia/Kolkata")
    buckets = query_buckets(DAY, where.zone, where.period)
    with make_store(given_events).read() as reader:
        frame = reader.run(queries.timeline(where, buckets, load()))
    found = bars(local_timeline(frame, period=where.period, extent=NOWHEN, step=DAY, zone=where.zone))
    assert found["events"].to_list() == [1, 1, 1, 0]  # the first is at 23:59:59 in Kolkata
    assert found["failures"].to_list() == [1, 0, 0, 0]


@given(
    zone=st.sampled_from(ZONES),
    step=st.sampled_from(STEPS[2:]),
    first=st.sampled_from(["2026-03-06", "2026-04-03", "2026-10-02", "2026-10-30"]).map(at),
    now=st.lists(seconds, min_size=1, max_size=20),
    before=st.lists(seconds, max_size=20),
)
def test_the_period_before_is_laid_under_the_bars_of_this_one(
    zone: str, step: timedelta, first: datetime, now: list[int], before: list[int]
) -> None:
    period = Period(first, first + 4 * DAY)
    later = folded([first + timedelta(seconds=second) for second in now], zone, step, period)
    moments = [first + timedelta(seconds=second) for second in before]
    wide = query_buckets(step, ZoneInfo(zone), period)
    earlier = local_buckets.previous_period_bars(later, rows(moments, wide), step, ZoneInfo(zone))
    assert earlier["bucket"].to_list() == later["bucket"].drop_duplicates().to_list()
    assert (earlier["until"] > earlier["bucket"]).all()
    counts = earlier.set_index("bucket")["events"]
    assert counts[counts > 0].to_dict() == Counter(start_of_bar(moment, zone, step) for moment in moments)


@given(zone=st.sampled_from(ZONES), inside=st.lists(seconds, max_size=40))
def test_heat_map_has_every_hour_of_the_week_and_every_event(zone: str, inside: list[int]) -> None:
    moments = [at("2026-10-30") + timedelta(seconds=second) for second in inside]
    period = Period(at("2026-10-30"), at("2026-10-30") + 4 * DAY)
    frame = local_buckets.heat_map(rows(moments, query_buckets(HOUR, ZoneInfo(zone), period)), ZoneInfo(zone))
    local = [moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)) for moment in moments]
    expected = Counter((moment.strftime("%A"), moment.hour) for moment in local)
    assert len(frame) == 168
    assert frame["weekday"].drop_duplicates().to_list() == list(local_buckets.WEEKDAYS)
    counts = frame.set_index(["weekday", "hour"])["events"]
    assert counts[counts > 0].to_dict() == expected


def by_agent(*found: tuple[str | None, str, int, int]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=["agent", "category", "events", "agents"])


def test_agents_keep_their_order_and_the_others_share_a_label() -> None:
    frame = local_buckets.agents(
        by_agent(
            ("b", "Sign-in", 9, 1),
            ("a", "Other", 5, 1),
            (None, "Other", 3000, 12),
            (None, "Sign-in", 456, 12),
        )
    )
    assert list(frame) == ["label", "category", "events", "agent"]
    assert frame["label"].to_list() == ["b", "a", *["Other (12 agents, 3,456 events)"] * 2]
    assert frame["agent"].isna().to_list() == [False, False, True, True]


@pytest.mark.parametrize(
    ("found", "labels"),
    [
        ([], []),
        ([("a", "Other", 1, 1)], ["a"]),
        ([(None, "Other", 1, 1)], ["Other (1 agent, 1 event)"]),
    ],
)
def test_labels_of_agents(found: list[tuple[str | None, str, int, int]], labels: list[str]) -> None:
    frame = local_buckets.agents(by_agent(*found))
    assert frame["label"].to_list() == labels
    assert frame["agent"].dropna().to_list() == [name for name, *_ in found if name]
