"""From a store to alarms: what is found, what it is made of, and the right words where there is nothing to find."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alarms import (
    OVERALL,
    SENSITIVITIES,
    LoginAlarm,
    Review,
    Sensitivity,
    agent_series,
    evidence,
    notes,
    review,
    tell,
    watch_over,
)
from alarms.collection_gaps import collected
from alarms.counts import HOUR, clock_for
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from demo import Planted, planted
from demo.__main__ import main as fill_demo
from ingest.__main__ import main as ingest
from tests.alarms.login_logs import AGENTS, NOW, OFFICE, START, Row, logins, looking, office, store_of

ATTACK = NOW - timedelta(days=6) + timedelta(hours=2)
INTRUDER = "203.0.113.9"
SPRAY = NOW - timedelta(days=3) + timedelta(hours=21)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ten weeks of office hours, a brute force on support-3 and a spray over everybody."""
    rows = office() + logins("support-3", ATTACK, 40, outcome="failure", address=INTRUDER)
    for agent in [*AGENTS, *(f"clerk-{n}" for n in range(20))]:
        rows += logins(agent, SPRAY, 2, outcome="failure", address="203.0.113.77")
    rows += [
        {
            "occurred_at": ATTACK + HOUR,
            "agent": "support-3",
            "activity": "API key copied",
            "source_ip": INTRUDER,
        }
    ]
    return store_of(Store(tmp_path_factory.mktemp("attacked") / "audit.duckdb"), rows)


def beginning(found: Review, at: datetime) -> LoginAlarm:
    """The one alarm that begins at this time."""
    (alarm,) = [alarm for alarm in found.alarms if alarm.key.start == at]
    return alarm


def every_part(found: Review) -> list[LoginAlarm]:
    return [part for alarm in found.alarms for part in alarm.parts]


def test_an_attack_on_an_agent_is_one_alarm_that_names_where_else_it_shows(attacked: Store) -> None:
    watch = watch_over(attacked, looking(7), NOW)
    alarm = beginning(review(watch), ATTACK)
    assert {(part.key.kind, part.key.agent) for part in alarm.parts} == {
        ("agent", "support-3"),
        ("all", ""),
        ("failed", ""),
    }
    failed = next(replace(part, also=()) for part in alarm.parts if part.key.kind == "failed")
    whole, alone = (told.sentence for told in tell(attacked, watch, [alarm, failed]))
    assert alone.startswith("Failed logins: 40 failed logins 02:00–03:00, usual less than 1 (limit ")
    assert "1 address never seen before; 40 by support-3; 40 from 203.0.113.9; by chance" in alone
    assert "; 40 from 203.0.113.9; also seen in " in whole


def test_a_spray_shows_as_the_number_of_agents(attacked: Store) -> None:
    alarm = beginning(review(watch_over(attacked, looking(7), NOW)), SPRAY)
    assert {part.key.kind for part in alarm.parts} == {"all", "failed", "agents"}
    spray = next(part for part in alarm.parts if part.key.kind == "agents")
    assert (spray.spike.observed, spray.noun) == (26, "agents")


def test_the_worst_alarm_comes_first(attacked: Store) -> None:
    alarms = review(watch_over(attacked, looking(70), NOW)).alarms
    assert len(alarms) >= 3
    for among in (alarms, *(alarm.parts for alarm in alarms)):
        scores = [each.spike.score for each in among]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "tz", ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York"]
)
def test_one_click_shows_exactly_the_events_of_an_alarm(attacked: Store, tz: str) -> None:
    for alarm in every_part(review(watch_over(attacked, looking(7, tz=tz), NOW))):
        again, notices = EventFilter.parse(alarm.where.parameters(), tz="Europe/Berlin")
        assert (again, notices) == (alarm.where, [])
        events, agents, *_ = attacked.run(queries.summary(alarm.where)).iloc[0]
        assert (agents if alarm.key.kind == "agents" else events) >= alarm.spike.total
        assert alarm.key.kind == "agents" or events == alarm.spike.total


def test_a_doubled_hour_is_named_with_its_offset(store: Store) -> None:
    at = datetime(2026, 10, 25, 1)  # noqa: DTZ001 - 02:00 in Berlin, for the second time
    store_of(store, office(weeks=10, start=at - timedelta(weeks=9, days=3)) + logins("support-1", at, 30))
    now = at + timedelta(days=1)
    parts = every_part(review(watch_over(store, looking(3, now=now, tz="Europe/Berlin"), now)))
    own = next(alarm for alarm in parts if alarm.key.agent == "support-1")
    assert own.where.start == "2026-10-25T02:00+01:00"
    assert EventFilter.parse(own.where.parameters())[0] == own.where


def test_evidence_names_who_and_where_from(attacked: Store) -> None:
    watch = watch_over(attacked, looking(7), NOW)
    failed = next(part for part in beginning(review(watch), SPRAY).parts if part.key.kind == "failed")
    found = evidence(attacked, watch, failed)
    assert found.addresses[["name", "now", "failed", "usual", "first_ever"]].values.tolist() == [
        ["203.0.113.77", 52, 52, 0.0, True]
    ]
    assert (len(found.agents), found.more_agents) == (20, 6)
    assert found.agents["first_ever"].all()
    assert found.agents["now"].eq(2).all()


def test_evidence_compares_with_the_same_hours_before(store: Store) -> None:
    at = NOW - timedelta(days=1, hours=-10)
    habit = [
        row for day in range(28) for row in logins("job", at - timedelta(days=day + 1), 6, address=OFFICE)
    ]
    store_of(store, office() + habit + logins("job", at, 90, address=INTRUDER))
    watch = watch_over(store, looking(2), NOW)
    alarm = next(alarm for alarm in every_part(review(watch)) if alarm.key.agent == "job")
    found = evidence(store, watch, alarm)
    assert found.agents.iloc[0].to_dict() == {
        "name": "job", "now": 90, "failed": 0, "usual": 6.0, "excess": 84.0, "first_ever": False
    }  # fmt: skip
    assert found.addresses["name"].tolist() == [INTRUDER]


def test_a_chart_holds_what_was_counted(attacked: Store) -> None:
    where = looking(7, tz="Europe/Berlin")
    series = review(watch_over(attacked, where, NOW)).series
    assert set(series) == set(OVERALL)
    frame = series["failed"].frame
    assert len(frame) == 7 * 24
    row = frame[frame["bucket"] == pd.Timestamp(ATTACK + HOUR)].iloc[0]
    assert (row["count"], row["is_spike"], row["state"]) == (40, True, "watched")
    assert row["expected"] < row["upper"] < row["count"]
    total = attacked.run(queries.summary(replace(where, activity=("Login",))))["events"].iloc[0]
    assert series["all"].frame["count"].sum() == total


def test_one_agent_has_a_chart_also_without_an_alarm(attacked: Store) -> None:
    watch = watch_over(attacked, looking(7), NOW)
    for agent in ("support-1", "support-3"):
        wanted = attacked.run(queries.summary(looking(7, agent=(agent,), activity=("Login",))))[
            "events"
        ].iloc[0]
        assert agent_series(watch, agent).frame["count"].sum() == wanted
    with pytest.raises(KeyError, match="nobody"):
        agent_series(watch, "nobody")


def test_agents_that_are_looked_at_do_not_change_how_they_are_judged(attacked: Store) -> None:
    everybody = every_part(review(watch_over(attacked, looking(7), NOW)))
    one = review(watch_over(attacked, looking(7, agent=("support-3",)), NOW))
    own = [alarm.key for alarm in everybody if alarm.key.agent == "support-3"]
    assert [alarm.key for alarm in every_part(one) if alarm.key.kind == "agent"] == own
    assert one.series["agents"].frame["count"].max() == 1
    others = every_part(review(watch_over(attacked, looking(7, not_agent=("support-3",)), NOW)))
    assert ATTACK not in {alarm.key.start for alarm in others}
    assert {alarm.key.scope for alarm in others} == {"not_agent=support-3"}


@pytest.mark.parametrize("days", [2.0, 7.0, 30.0, 70.0])
def test_an_alarm_is_the_same_whatever_the_range(attacked: Store, days: float) -> None:
    longest = review(watch_over(attacked, looking(70), NOW)).alarms
    begin = NOW - timedelta(days=days)
    inside = {alarm.key for alarm in longest if alarm.end > begin}
    assert {alarm.key for alarm in review(watch_over(attacked, looking(days), NOW)).alarms} == inside


def test_more_sensitivity_finds_more_and_loses_nothing(store: Store) -> None:
    evenings = [NOW - timedelta(days=place + 3, hours=-20) for place in range(8)]
    rows = [row for place, at in enumerate(evenings) for row in logins(f"support-{place % 6}", at, 4 + place)]
    watch = watch_over(store_of(store, office() + rows), looking(14), NOW)
    found = [[part for part in every_part(review(watch, each)) if part.key.agent] for each in SENSITIVITIES]
    for more, less in pairwise(found):
        assert {alarm.key for alarm in less} <= {alarm.key for alarm in more}
    assert len(found[0]) > len(found[-1]) > 0


@pytest.mark.parametrize(
    ("months", "weeks", "agents", "words"),
    [
        (5, 2, 40, "about one chance alarm per agent in 5 months, and one in 2 weeks on each overall chart"),
        (1, 1, 10, "about one chance alarm per agent a month, and one a week on each overall chart"),
        (
            5,
            2,
            1000,
            "about 10 chance alarms a week over all 1,000 agents, and one in 2 weeks on each overall chart",
        ),
    ],
)
def test_sensitivity_is_a_promise(months: float, weeks: float, agents: int, words: str) -> None:
    assert Sensitivity("own", months, weeks).promise(agents) == words
    with pytest.raises(ValueError, match="months is 0"):
        Sensitivity("own", 0, 1)


def days_of(hours: int) -> list[Row]:
    return [row for row in office() if row["occurred_at"] >= NOW - timedelta(hours=hours)]


def other(at: datetime) -> list[Row]:
    return logins("a", at, 1, activity="Journey saved")


STATES: list[tuple[str, Callable[[], list[Row]], EventFilter, str]] = [
    ("empty", list, looking(7), "no event yet"),
    ("future", lambda: logins("a", NOW + timedelta(days=400), 50), looking(7), "dated in the future"),
    ("no logins", lambda: other(START) + other(NOW - HOUR), looking(7), "No Login or ConsoleLogin"),
    (
        "no login kind",
        lambda: logins("a", START, 5),
        looking(7, activity=("User deleted",)),
        "Login, ConsoleLogin",
    ),
    ("no logins", lambda: logins("a", START, 5), looking(7, agent=("b",)), "chosen agents"),
    ("quiet", lambda: logins("a", START, 50) + other(NOW - HOUR), looking(7), "No login of 1 agent"),
    ("learning", lambda: days_of(80), looking(7), "day 4 of 7"),
    ("learning", lambda: logins("a", NOW - 3 * HOUR, 3), looking(7), "day 1 of 7"),
    ("watching", lambda: office(["a"]), looking(7), "the logins of 1 agent"),
    (
        "watching",
        lambda: [r for h in range(1680) for r in logins("a", START + h * HOUR, 7)],
        looking(30),
        "1 agent",
    ),
    ("watching", lambda: logins("a", NOW + timedelta(days=2), 90) + office(["a"]), looking(7), "1 agent"),
]


@pytest.mark.parametrize(("name", "rows", "where", "words"), STATES)
def test_nothing_to_find_is_said_and_is_no_alarm(
    store: Store, name: str, rows: Callable[[], list[Row]], where: EventFilter, words: str
) -> None:
    watch = watch_over(store_of(store, rows()), where, NOW)
    found = review(watch)
    assert found.alarms == ()
    assert found.state.name == name
    assert words in found.state.sentence
    assert all(series.state.sentence for series in found.series.values())
    assert notes(store, watch, found) == [] or name == "quiet"
    assert tell(store, watch, found.alarms) == []


def test_a_clock_in_the_future_is_noticed(store: Store) -> None:
    store_of(store, office(["a"]) + logins("a", NOW + timedelta(days=2), 90))
    state = review(watch_over(store, looking(7), NOW)).state
    assert any("in the future" in notice for notice in state.notices)


def test_the_hour_that_is_not_over_is_not_judged(store: Store) -> None:
    now = NOW - timedelta(days=3) + timedelta(hours=3, minutes=40)
    store_of(store, office() + logins("support-1", now - timedelta(minutes=40), 200))
    watch = watch_over(store, looking(7, now=now), now)
    assert review(watch).alarms == ()
    assert review(watch).series["all"].frame["state"].iloc[-1] == "unfinished"
    later = now + HOUR
    assert review(watch_over(store, looking(7, now=later), later)).alarms


def test_without_outcomes_attempts_are_counted(store: Store) -> None:
    rows = [row | {"outcome": None} for row in office() + logins("support-3", ATTACK, 40)]
    watch = watch_over(store_of(store, rows), looking(7), NOW)
    found = review(watch)
    assert {alarm.noun for alarm in found.alarms} == {"login attempts"}
    assert found.series["failed"].state.name == "no outcomes"
    assert "40 login attempts" in tell(store, watch, found.alarms)[0].sentence


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"])
@pytest.mark.parametrize("month", [3, 4, 10, 11])
def test_days_of_changing_clocks_raise_no_alarm(tmp_path: Path, zone: str, month: int) -> None:
    end = datetime(2026, month, 1) + timedelta(days=30)  # noqa: DTZ001 - naive UTC
    rows = [row for hour in range(24 * 70) for row in logins("a", end - (hour + 1) * HOUR, 6)]
    store = store_of(Store(tmp_path / "audit.duckdb"), rows)
    found = review(watch_over(store, looking(40, now=end, tz=zone), end))
    assert found.alarms == ()
    # A local hour that begins within a UTC hour takes its share of two: nothing is lost at the seams.
    assert found.series["all"].frame["count"].iloc[1:-1].sum() >= 40 * 24 * 6 - 40


def test_an_outage_is_a_gap_and_no_zero(store: Store) -> None:
    begun, over = NOW - timedelta(days=5), NOW - timedelta(days=4)
    rows = [row for hour in range(1680) for row in logins("job", START + hour * HOUR, 4)]
    store_of(store, [row for row in rows if not begun <= row["occurred_at"] < over])
    found = review(watch_over(store, looking(7), NOW))
    gap = found.series["all"].frame.loc[found.series["all"].frame["state"] == "gap"]
    assert len(gap) == 24
    assert gap["count"].isna().all()
    assert any("24 hours" in notice for notice in found.state.notices)


def test_nights_and_weekends_are_no_outages() -> None:
    hours = pd.date_range(START, periods=8 * 168, freq="1h")
    events = np.where((hours.hour >= 8) & (hours.hour < 18) & (hours.day_of_week < 5), 5.0, 0.0)
    assert collected(events, hours, NOW).all()
    short = np.zeros(100)
    assert collected(short, hours[:100], NOW).all()


def test_an_open_range_ends_with_the_log() -> None:
    last = START + timedelta(days=3)
    clock = clock_for(EventFilter(), START, last, NOW + timedelta(days=3000))
    assert (clock.hours[0], clock.hours[-1], len(clock.hours)) == (START, last, 73)


def test_notes_name_first_times_and_unusual_hours(attacked: Store) -> None:
    watch = watch_over(attacked, looking(7), NOW)
    told = notes(attacked, watch, review(watch))
    by_kind = {(note.kind, note.series): note for note in told}
    assert by_kind["new address", "support-3"].text.startswith("support-3: first time from 203.0.113.")
    assert by_kind["new activity", "support-3"].text == "support-3: first time: API key copied"
    assert by_kind["unusual hour", "support-1"].at == SPRAY
    assert [note.at for note in told] == sorted((note.at for note in told), reverse=True)
    for note in told:
        assert attacked.run(queries.summary(note.where))["events"].iloc[0] > 0, note
        assert EventFilter.parse(note.where.parameters())[0] == note.where


def test_notes_name_silence_and_slow_rises(store: Store) -> None:
    rows = [row | {"source": "job runner"} for h in range(1680) for row in logins("job", START + h * HOUR, 2)]
    quiet_since = NOW - timedelta(days=2)
    rows = [row for row in rows if row["occurred_at"] < quiet_since] + office()
    rows += [row for h in range(1680) for row in logins("backup", START + h * HOUR, 2)]
    for hour in range(24):
        rows += logins("support-2", NOW - timedelta(days=4) + hour * HOUR, 4)
    watch = watch_over(store_of(store, rows), looking(7), NOW)
    told = {(note.kind, note.series): note for note in notes(store, watch, review(watch))}
    assert told["gone silent", "job"].text.startswith("job: silent for 2 days")
    assert told["gone silent", "job runner"].text.startswith("source job runner: silent for 2 days")
    assert ("gone silent", "web") not in told
    assert told["sustained rise", "support-2"].text.startswith(
        "support-2: 130 logins on 2026-03-12, usual 27"
    )


def test_a_rise_that_an_alarm_tells_is_not_told_again(attacked: Store) -> None:
    watch = watch_over(attacked, looking(7), NOW)
    found = review(watch)
    told = [note for note in notes(attacked, watch, found) if note.kind == "sustained rise"]
    without = [
        note for note in notes(attacked, watch, replace(found, alarms=())) if note.kind == "sustained rise"
    ]
    assert told == []
    assert {note.series for note in without} >= {"support-3", "failed"}


def test_many_names_that_were_tried_once_cost_nothing(store: Store) -> None:
    rows = office() + [
        row for n in range(3000) for row in logins(f"guess-{n}", START + n * timedelta(minutes=20), 1)
    ]
    watch = watch_over(store_of(store, rows), looking(30), NOW)
    assert watch.n_agents == 3006
    assert set(watch.fleet.series) <= set(AGENTS)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("demo") / "audit.duckdb"
    assert fill_demo(["--store", str(path), "--until", "2026-11-22T22:00:00Z"]) == 0
    return Store(path)


@pytest.mark.processes
@pytest.mark.parametrize("tz", ["UTC", "Asia/Kolkata"])
def test_the_demo_shows_what_was_planted_and_hardly_more(demo: Store, tz: str) -> None:
    until = datetime(2026, 11, 22, 22, tzinfo=UTC)
    now = until.replace(tzinfo=None)
    alarms = review(watch_over(demo, looking(90, now=now, tz=tz), now)).alarms
    spikes = planted(7, until)
    met = {alarm: [spike for spike in spikes if _meets(alarm, spike)] for alarm in alarms}
    assert sum(not own for own in met.values()) <= 1
    for spike in spikes:
        (alarm,) = [alarm for alarm, met_by in met.items() if spike in met_by]
        spray = any(part.key.kind == "agents" for part in alarm.parts)
        assert alarm.agents == set(spike.agents) or (spike.kind == "password spray" and spray), spike


def _meets(alarm: LoginAlarm, spike: Planted) -> bool:
    start, end = spike.start.replace(tzinfo=None), spike.end.replace(tzinfo=None)
    return alarm.key.start < end and start < alarm.end and alarm.agents <= set(spike.agents)


DATA = Path(os.environ.get("AUDIT_TEST_DATA", "no such folder"))


@pytest.mark.skipif(not (DATA / "sshd" / "auth-march.log").exists(), reason="AUDIT_TEST_DATA is not set")
def test_a_real_host_shows_its_burst_and_not_its_admin(tmp_path: Path) -> None:
    path = tmp_path / "audit.duckdb"
    file = str(DATA / "sshd" / "auth-march.log")
    assert ingest(["import", file, "--year", "2017", "--store", str(path)]) == 0
    store, now = Store(path), datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC
    watch = watch_over(store, EventFilter(), now)
    failed = [alarm for alarm in review(watch).alarms if alarm.key.kind == "failed"]
    assert failed[0].key.start == datetime(2017, 3, 30, 15)  # noqa: DTZ001
    told = tell(store, watch, failed)[0]
    first = evidence(store, watch, failed[0]).addresses.iloc[0]
    assert told.address == first["name"]
    assert (first["now"], f"230 from {first['name']}" in told.sentence) == (230, True)
    admin = datetime(2017, 3, 29, 10)  # noqa: DTZ001
    assert not any(alarm.key.start <= admin < alarm.end for alarm in failed)
