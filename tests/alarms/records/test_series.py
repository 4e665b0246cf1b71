"""The series behind a record: the counts of its agent, or of all, with what is expected of them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from alarms import DEFAULT_SENSITIVITY
from alarms.records.series import AFTER, BEFORE, RecordSeries, series_of
from audit_store import catalogue
from audit_store.engines.duckdb.store import Store
from tests.alarms.login_logs import NOW, logins, office, store_of
from tests.alarms.triage.records import HOUR, record

ATTACK = NOW - timedelta(days=4) + 10 * HOUR


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    rows = office() + logins("support-3", ATTACK, 60, outcome="failure", address="203.0.113.9")
    return store_of(Store(tmp_path_factory.mktemp("series") / "audit.duckdb"), rows)


def series(store: Store, **changes: object) -> RecordSeries | None:
    alarm = replace(record("support-3", ATTACK), **changes)  # type: ignore[arg-type]
    return series_of(store, alarm, catalogue.load(), NOW, tz="UTC", sensitivity=DEFAULT_SENSITIVITY)


def test_the_hours_around_an_alarm_are_those_of_its_agent(store: Store) -> None:
    of_agent = series(store)
    assert of_agent is not None
    frame = of_agent.frame
    assert frame["bucket"].min() == ATTACK - BEFORE
    assert frame["bucket"].max() == ATTACK + AFTER
    spikes = frame[frame["is_spike"]]
    assert spikes["bucket"].tolist() == [ATTACK]
    assert spikes["count"].iloc[0] >= 60 > spikes["upper"].iloc[0] > spikes["expected"].iloc[0] > 0


def test_the_running_hour_of_an_alarm_has_its_spike(store: Store) -> None:
    at = ATTACK + HOUR / 2
    alarm = record("support-3", ATTACK)
    running = series_of(store, alarm, catalogue.load(), at, tz="UTC", sensitivity=DEFAULT_SENSITIVITY)
    assert running is not None
    assert running.frame["bucket"].max() == ATTACK
    assert running.frame.loc[running.frame["is_spike"], "bucket"].tolist() == [ATTACK]


@pytest.mark.parametrize(
    ("kind", "noun", "least", "most"),
    [("all", "login", 60, 200), ("failed", "failed login", 60, 80), ("agents", "agent", 1, 6)],
)
def test_a_series_over_many_agents_counts_all(
    store: Store, kind: str, noun: str, least: int, most: int
) -> None:
    overall = series(store, kind=kind, agent="", noun=f"{noun}s")
    assert overall is not None
    row = overall.frame[overall.frame["bucket"] == ATTACK]
    assert least <= row["count"].iloc[0] <= most
    assert overall.noun == noun


def test_local_times_are_those_of_the_viewer(store: Store) -> None:
    alarm = record("support-3", ATTACK)
    shown = series_of(store, alarm, catalogue.load(), NOW, tz="Asia/Tokyo", sensitivity=DEFAULT_SENSITIVITY)
    assert shown is not None
    assert shown.frame.loc[shown.frame["is_spike"], "bucket"].tolist() == [ATTACK + 9 * HOUR]


@pytest.mark.parametrize("kind", ["rule", "watchdog"])
def test_an_alarm_about_no_series_has_none(store: Store, kind: str) -> None:
    assert series(store, kind=kind, agent="") is None


def test_a_store_without_events_has_no_series(tmp_path: Path) -> None:
    empty = store_of(Store(tmp_path / "audit.duckdb"), [])
    assert series(empty) is None
