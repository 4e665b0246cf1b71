"""What is recorded of whole logs: sprays, changing clocks, gaps, logs without outcomes or logins."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from alarms import findings, watch_logins
from alarms.counts import clock_between
from alarms.detector import models
from alarms.detector.pending import pending
from alarms.detector.settings import settings_of
from alarms.records import reading
from alarms.records.record import AlarmRecord
from alarms.watch import OVERALL
from audit_store import catalogue
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from tests.alarms.attack import ATTACK, INTRUDER, SPRAY, attack_log
from tests.alarms.detector.conftest import copy_of
from tests.alarms.detector.worlds import HOUR, judge
from tests.alarms.login_logs import AGENTS, NOW, OFFICE, START, Row, last_days, logins, office, store_of
from tests.conftest import in_campaign


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The two attacks of `attack_log`, judged."""
    store = store_of(Store(tmp_path_factory.mktemp("judged") / "audit.duckdb"), attack_log())
    judge(store, NOW)
    return store


def alarm_at(store: Store, start: datetime) -> AlarmRecord:
    """The one alarm that starts at this time."""
    [alarm] = [record for record in reading.records(store) if record.starts_at == start]
    return alarm


def series(record: AlarmRecord) -> set[tuple[str, str]]:
    """The kinds and agents in which an alarm was seen."""
    return {(span.key.kind, span.key.agent) for span in record.spans}


def test_a_spray_shows_as_the_number_of_agents(judged: Store) -> None:
    spray = alarm_at(judged, SPRAY)
    assert series(spray) == {("all", ""), ("failed", ""), ("agents", "")}
    assert [(share.name, share.count, share.is_new) for share in spray.addresses] == [
        ("203.0.113.77", 52, True)
    ]
    assert (len(spray.agents), spray.more_agents) == (20, 6)
    assert all(share.count == 2 for share in spray.agents)


def test_an_attack_on_an_agent_is_one_alarm_that_names_the_other_series(judged: Store) -> None:
    alarm = alarm_at(judged, ATTACK)
    assert series(alarm) == {("agent", "support-3"), ("all", ""), ("failed", "")}
    assert "; 40 failed; 1 address never seen before; " in alarm.sentence
    assert "; 40 from 203.0.113.9; also seen in " in alarm.sentence
    assert (alarm.failed, alarm.addresses[0].name, alarm.addresses[0].is_new) == (40, INTRUDER, True)


def test_shares_are_compared_with_the_same_hours_before(store: Store) -> None:
    at = NOW - timedelta(days=1, hours=-10)
    habit = [row for day in range(28) for row in logins("job", at - timedelta(days=day + 1), 6)]
    judge(store_of(store, office() + habit + logins("job", at, 90, address=INTRUDER)), NOW)
    alarm = next(record for record in reading.records(store) if record.starts_at == at)
    [own] = [share for share in alarm.agents if share.name == "job"]
    assert (own.count, own.failed, own.usual, own.is_new) == (90, 0, 6.0, False)
    assert [share.name for share in alarm.addresses if share.name != OFFICE] == [INTRUDER]


@pytest.mark.parametrize(
    "tz",
    ["Australia/Lord_Howe", *in_campaign("UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/New_York")],
)
def test_the_filter_of_an_alarm_is_exactly_its_events(
    attacked: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tz: str
) -> None:
    store = copy_of(attacked, tmp_path)
    monkeypatch.setenv("AUDIT_TZ", tz)
    judge(store, NOW)
    records = reading.records(store)
    assert records
    for alarm in records:
        where, notices = EventFilter.parse(alarm.where, tz="Europe/Berlin")
        events, agents, *_ = store.run(queries.summary(where)).iloc[0]
        assert notices == []
        assert (agents if alarm.kind == "agents" else events) == alarm.total
        assert (where.period.start, where.period.end, alarm.tz) == (alarm.starts_at, alarm.ends_at, tz)


def test_a_doubled_hour_is_named_with_its_offset(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 10, 25, 1)  # noqa: DTZ001 - 02:00 in Berlin, for the second time
    store_of(store, office(weeks=10, start=at - timedelta(weeks=9, days=3)) + logins("support-1", at, 30))
    monkeypatch.setenv("AUDIT_TZ", "Europe/Berlin")
    judge(store, at + timedelta(days=1))
    where = alarm_at(store, at).where
    assert where["from"] == ["2026-10-25T02:00+01:00"]
    assert EventFilter.parse(where)[0].period.start == at


def test_without_outcomes_attempts_are_counted(store: Store) -> None:
    rows = [row | {"outcome": None} for row in office() + logins("support-3", ATTACK, 40)]
    judge(store_of(store, rows), NOW)
    alarm = alarm_at(store, ATTACK)
    assert (alarm.noun, "40 login attempts" in alarm.sentence) == ("login attempts", True)
    assert "failed" not in {kind for kind, _ in series(alarm)}


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Six logins an hour, day and night, for the whole of 2026."""
    rows = [row for hour in range(24 * 365) for row in logins("a", datetime(2026, 1, 1) + hour * HOUR, 6)]  # noqa: DTZ001
    return store_of(Store(tmp_path_factory.mktemp("steady") / "audit.duckdb"), rows)


@pytest.mark.parametrize(
    "zone", ["Australia/Lord_Howe", *in_campaign("Europe/Berlin", "Asia/Kolkata", "America/St_Johns")]
)
def test_days_of_changing_clocks_raise_no_alarm(
    steady: Store, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_TZ", zone)
    assert judge(steady, datetime(2026, 12, 31))  # noqa: DTZ001 - naive UTC
    assert reading.records(steady, with_withdrawn=True) == []


@pytest.mark.parametrize("since", [NOW - HOUR, NOW - timedelta(days=3)])
def test_hours_are_judged_from_the_counts_of_the_whole_log(store: Store, since: datetime) -> None:
    rows = office() + logins("night-job", NOW - timedelta(days=60), 3)
    store_of(store, [row for row in rows if row["occurred_at"] < since])
    judge(store, since)
    store_of(store, [row for row in rows if row["occurred_at"] >= since] + logins("new", NOW - HOUR, 9))
    counted, whole = counted_since(store, since), counted_since(store, START)
    for name in OVERALL:
        np.testing.assert_array_equal(counted.overall[name], whole.overall[name])
    np.testing.assert_array_equal(counted.logins.is_gap, whole.logins.is_gap)
    rows, hours = whole.logins, len(whole.logins.clock.hours)
    for name, figures in (
        ("all", rows.attempts),
        ("failed", rows.failed),
        ("agents", np.ones(len(rows.hour))),
    ):
        np.testing.assert_array_equal(whole.overall[name], np.bincount(rows.hour, figures, hours))
    first_hours = rows.hour[np.unique(rows.agent, return_index=True)[1]]
    so_far = np.cumsum(np.bincount(first_hours, minlength=hours))
    np.testing.assert_array_equal(counted.n_series, np.maximum(so_far, 1))
    assert "night-job" not in counted.logins.agents, "it has no login in the judged hours"
    for agent in counted.logins.agents:
        assert hourly(counted, agent) == hourly(whole, agent)


def counted_since(store: Store, since: datetime) -> models.Counted:
    """What is counted of the log since START to judge it from an hour on."""
    settings, clock = settings_of(store.path), clock_between(START, NOW, "UTC")
    figures = pending(store, settings, NOW).figures(clock.hours.to_pydatetime())
    with store.read() as reader:
        return models.count(store, reader, settings, clock, figures, since, NOW)


def hourly(counted: models.Counted, agent: str) -> list[tuple[int, ...]]:
    """The rows of an agent: hour, logins, failed."""
    logins, rows = counted.logins, counted.logins.rows_of(agent)
    return list(zip(logins.hour[rows], logins.attempts[rows], logins.failed[rows], strict=True))


def test_agents_with_a_single_login_are_not_fitted(store: Store) -> None:
    rows = office() + [
        row for n in range(3000) for row in logins(f"guess-{n}", START + n * timedelta(minutes=20), 1)
    ]
    store_of(store, rows)
    counted = counted_since(store, START)
    judged = models.judge(counted, settings_of(store.path), START, NOW)
    assert len(counted.logins.agents) == 3006
    assert judged.n_series[-1] == 3006
    assert set(judged.fleet.series) <= set(AGENTS)


def test_a_gap_in_collection_is_no_zero(store: Store) -> None:
    begin, end = NOW - timedelta(days=5), NOW - timedelta(days=4)
    rows = [row for hour in range(1680) for row in logins("job", START + hour * HOUR, 4)]
    store_of(store, [row for row in rows if not begin <= row["occurred_at"] < end])
    judge(store, NOW)
    assert reading.records(store) == []
    overall = models.judge(counted_since(store, START), settings_of(store.path), begin, NOW).overall
    assert int((overall.counts[0] != overall.counts[0]).sum()) == 24, "NaN: not collected"


def other(at: datetime) -> list[Row]:
    return logins("a", at, 1, activity="Journey saved")


QUIET: list[tuple[Callable[[], list[Row]], EventFilter]] = [
    (list, last_days(7)),
    (lambda: logins("a", NOW + timedelta(days=400), 50), last_days(7)),
    (lambda: other(START) + other(NOW - HOUR), last_days(7)),
    (lambda: logins("a", START, 5), last_days(7, activity=("User deleted",))),
    (lambda: logins("a", START, 5), last_days(7, agent=("b",))),
    (lambda: office(["a"], weeks=1, start=NOW - timedelta(days=4)), last_days(7)),
    (lambda: logins("a", NOW - 3 * HOUR, 3), last_days(7)),
    (lambda: office(["a"]), last_days(7)),
    (lambda: [r for h in range(1680) for r in logins("a", START + h * HOUR, 7)], last_days(30)),
    (lambda: logins("a", NOW + timedelta(days=2), 90) + office(["a"]), last_days(7)),
]


@pytest.mark.parametrize(("rows", "where"), QUIET)
def test_nothing_to_find_is_no_alarm_and_no_finding(
    store: Store, rows: Callable[[], list[Row]], where: EventFilter
) -> None:
    store_of(store, rows())
    judge(store, NOW)
    assert [record for record in reading.records(store) if record.kind != "watchdog"] == []
    watch = watch_logins(store, where, NOW, catalogue.load())
    assert findings(store, watch, []) == []
