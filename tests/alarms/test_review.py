"""The alarms of a period and the charts behind them, from a store of logins."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from alarms import OVERALL, SENSITIVITIES, agent_series, review, summarize, watch_logins
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from tests.alarms.attack import ATTACK, SPRAY, alarm_at, every_part
from tests.alarms.login_logs import AGENTS, NOW, START, last_days, logins, office, store_of

HOUR = timedelta(hours=1)


def test_a_spray_shows_as_the_number_of_agents(attacked: Store) -> None:
    alarm = alarm_at(review(watch_logins(attacked, last_days(7), NOW)), SPRAY)
    assert {part.key.kind for part in alarm.parts} == {"all", "failed", "agents"}
    spray = next(part for part in alarm.parts if part.key.kind == "agents")
    assert (spray.spike.observed, spray.noun) == (26, "agents")


def test_the_least_likely_alarm_comes_first(attacked: Store) -> None:
    alarms = review(watch_logins(attacked, last_days(70), NOW)).alarms
    assert len(alarms) >= 3
    for among in (alarms, *(alarm.parts for alarm in alarms)):
        scores = [alarm.spike.score for alarm in among]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "tz", ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York"]
)
def test_one_click_shows_exactly_the_events_of_an_alarm(attacked: Store, tz: str) -> None:
    for alarm in every_part(review(watch_logins(attacked, last_days(7, tz=tz), NOW))):
        again, notices = EventFilter.parse(alarm.where.parameters(), tz="Europe/Berlin")
        assert (again, notices) == (alarm.where, [])
        events, agents, *_ = attacked.run(queries.summary(alarm.where)).iloc[0]
        assert (agents if alarm.key.kind == "agents" else events) >= alarm.spike.total
        assert alarm.key.kind == "agents" or events == alarm.spike.total


def test_a_doubled_hour_is_named_with_its_offset(store: Store) -> None:
    at = datetime(2026, 10, 25, 1)  # noqa: DTZ001 - 02:00 in Berlin, for the second time
    store_of(store, office(weeks=10, start=at - timedelta(weeks=9, days=3)) + logins("support-1", at, 30))
    now = at + timedelta(days=1)
    parts = every_part(review(watch_logins(store, last_days(3, now=now, tz="Europe/Berlin"), now)))
    own = next(alarm for alarm in parts if alarm.key.agent == "support-1")
    assert own.where.start == "2026-10-25T02:00+01:00"
    assert EventFilter.parse(own.where.parameters())[0] == own.where


def test_a_chart_holds_what_was_counted(attacked: Store) -> None:
    where = last_days(7, tz="Europe/Berlin")
    series = review(watch_logins(attacked, where, NOW)).series
    assert set(series) == set(OVERALL)
    frame = series["failed"].frame
    assert len(frame) == 7 * 24
    row = frame[frame["bucket"] == pd.Timestamp(ATTACK + HOUR)].iloc[0]
    assert (row["count"], row["is_spike"], row["state"]) == (40, True, "watched")
    assert row["expected"] < row["upper"] < row["count"]
    total = attacked.run(queries.summary(replace(where, activity=("Login",))))["events"].iloc[0]
    assert series["all"].frame["count"].sum() == total


def test_one_agent_has_a_chart_also_without_an_alarm(attacked: Store) -> None:
    watch = watch_logins(attacked, last_days(7), NOW)
    for agent in ("support-1", "support-3"):
        wanted = attacked.run(queries.summary(last_days(7, agent=(agent,), activity=("Login",))))[
            "events"
        ].iloc[0]
        assert agent_series(watch, agent).frame["count"].sum() == wanted
    with pytest.raises(KeyError, match="nobody"):
        agent_series(watch, "nobody")


def test_selecting_agents_does_not_change_how_they_are_judged(attacked: Store) -> None:
    everybody = every_part(review(watch_logins(attacked, last_days(7), NOW)))
    one = review(watch_logins(attacked, last_days(7, agent=("support-3",)), NOW))
    own = [alarm.key for alarm in everybody if alarm.key.agent == "support-3"]
    assert [alarm.key for alarm in every_part(one) if alarm.key.kind == "agent"] == own
    assert one.series["agents"].frame["count"].max() == 1
    others = every_part(review(watch_logins(attacked, last_days(7, not_agent=("support-3",)), NOW)))
    assert ATTACK not in {alarm.key.start for alarm in others}
    assert {alarm.key.scope for alarm in others} == {"not_agent=support-3"}


@pytest.mark.parametrize("days", [2.0, 7.0, 30.0, 70.0])
def test_an_alarm_is_the_same_whatever_the_range(attacked: Store, days: float) -> None:
    longest = review(watch_logins(attacked, last_days(70), NOW)).alarms
    begin = NOW - timedelta(days=days)
    inside = {alarm.key for alarm in longest if alarm.end > begin}
    assert {alarm.key for alarm in review(watch_logins(attacked, last_days(days), NOW)).alarms} == inside


def test_more_sensitivity_finds_more_and_loses_nothing(store: Store) -> None:
    noons = [NOW - timedelta(days=number + 3, hours=-12) for number in range(8)]
    rows = [row for number, at in enumerate(noons) for row in logins(f"support-{number % 6}", at, 6 + number)]
    watch = watch_logins(store_of(store, office() + rows), last_days(14), NOW)
    by_sensitivity = [
        [part for part in every_part(review(watch, sensitivity)) if part.key.agent]
        for sensitivity in SENSITIVITIES
    ]
    for more, less in pairwise(by_sensitivity):
        assert {alarm.key for alarm in less} <= {alarm.key for alarm in more}
    assert len(by_sensitivity[0]) > len(by_sensitivity[-1]) > 0


def test_the_hour_that_is_not_over_is_not_judged(store: Store) -> None:
    now = NOW - timedelta(days=3) + timedelta(hours=3, minutes=40)
    store_of(store, office() + logins("support-1", now - timedelta(minutes=40), 200))
    watch = watch_logins(store, last_days(7, now=now), now)
    assert review(watch).alarms == ()
    assert review(watch).series["all"].frame["state"].iloc[-1] == "unfinished"
    later = now + HOUR
    assert review(watch_logins(store, last_days(7, now=later), later)).alarms


def test_without_outcomes_attempts_are_counted(store: Store) -> None:
    rows = [row | {"outcome": None} for row in office() + logins("support-3", ATTACK, 40)]
    watch = watch_logins(store_of(store, rows), last_days(7), NOW)
    reviewed = review(watch)
    assert {alarm.noun for alarm in reviewed.alarms} == {"login attempts"}
    assert reviewed.series["failed"].status.name == "no outcomes"
    assert "40 login attempts" in summarize(store, watch, reviewed.alarms)[0].sentence


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Six logins an hour, day and night, for the whole of 2026."""
    rows = [row for hour in range(24 * 365) for row in logins("a", datetime(2026, 1, 1) + hour * HOUR, 6)]  # noqa: DTZ001
    return store_of(Store(tmp_path_factory.mktemp("steady") / "audit.duckdb"), rows)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"])
@pytest.mark.parametrize("month", [3, 4, 10, 11])
def test_days_of_changing_clocks_raise_no_alarm(steady: Store, zone: str, month: int) -> None:
    end = datetime(2026, month, 1) + timedelta(days=30)  # noqa: DTZ001 - naive UTC
    reviewed = review(watch_logins(steady, last_days(40, now=end, tz=zone), end))
    assert reviewed.alarms == ()
    # A local hour that begins within a UTC hour takes its share of two: nothing is lost at the seams.
    assert reviewed.series["all"].frame["count"].iloc[1:-1].sum() >= 40 * 24 * 6 - 40


def test_agents_with_a_single_login_are_not_fitted(store: Store) -> None:
    rows = office() + [
        row for n in range(3000) for row in logins(f"guess-{n}", START + n * timedelta(minutes=20), 1)
    ]
    watch = watch_logins(store_of(store, rows), last_days(30), NOW)
    assert watch.n_agents == 3006
    assert set(watch.fleet.series) <= set(AGENTS)
