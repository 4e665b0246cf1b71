"""A result over a range that has ended is read once, until an event of its range arrives."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pandas as pd
import pytest

from audit_store import catalogue
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.reader import Reader
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period
from dashboard import data
from tests.conftest import Fill
from tests.dashboard.page_runs import NOW, event

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW_UTC = NOW.astimezone(UTC).replace(tzinfo=None)
ENDED = EventFilter(period=Period(NOW_UTC - 3 * DAY, NOW_UTC - DAY))
KNOWN = catalogue.load()
STATEMENTS: dict[str, Callable[[EventFilter], Query]] = {
    "summary": queries.summary,
    "total": queries.total,
    "timeline": lambda where: queries.timeline(where, Buckets(HOUR), KNOWN),
    "moved": lambda where: queries.moved(where, DAY, Buckets(HOUR)),
    "by agent": lambda where: queries.by_agent(where, 5, KNOWN),
    "facet": lambda where: queries.facet(where, "activity", 9),
}
IN_RANGE, LATER, EARLIER = 2 * 24 * 60, 30, 9 * 24 * 60
"""Minutes ago."""


@pytest.fixture
def store(tmp_path: Path, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with events in ENDED and on both sides of it, which the dashboard shows."""
    made = fill(Store(tmp_path / "audit.duckdb"), [event(EARLIER), event(IN_RANGE), event(LATER)])
    monkeypatch.setenv("AUDIT_STORE", str(made.path))
    data.cache.clear()
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that have been run."""
    statements: list[str] = []
    run = Reader.run

    def noted(reader: Reader, query: Query) -> pd.DataFrame:
        statements.append(query.sql)
        return run(reader, query)

    monkeypatch.setattr(Reader, "run", noted)
    return statements


def read(query: Query) -> list[list[object]]:
    return data.frames(query)[0].to_numpy().tolist()


@pytest.mark.parametrize("name", STATEMENTS)
def test_events_elsewhere_leave_a_result_as_it_is(
    name: str, store: Store, fill: Fill, asked: list[str]
) -> None:
    query = STATEMENTS[name](ENDED)
    before = read(query)
    for minutes in (LATER, EARLIER, LATER):
        fill(store, [event(minutes, agent="new")])
        assert read(query) == before
    assert asked.count(query.sql) == 1


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_late_event_in_the_range_is_counted(name: str, store: Store, fill: Fill, asked: list[str]) -> None:
    query = STATEMENTS[name](ENDED)
    before = read(query)
    fill(store, [event(LATER)])
    read(query)
    fill(store, [event(LATER), event(IN_RANGE + 90, agent="late", activity="User deleted")])
    after = read(query)
    assert after != before
    assert after == store.run(query).to_numpy().tolist()
    assert asked.count(query.sql) == 3


@pytest.mark.parametrize(
    "period",
    [Period(), Period(NOW_UTC - DAY, None), Period(NOW_UTC - DAY, NOW_UTC + DAY)],
    ids=["all", "open", "until tomorrow"],
)
def test_a_range_that_goes_on_is_read_again(
    period: Period, store: Store, fill: Fill, asked: list[str]
) -> None:
    query = queries.total(replace(ENDED, period=period))
    [[before]] = read(query)
    fill(store, [event(LATER)])
    assert read(query) == [[int(str(before)) + 1]]
    assert asked.count(query.sql) == 2


def test_another_log_in_its_place_is_read(store: Store, fill: Fill, tmp_path: Path) -> None:
    query = queries.total(ENDED)
    backup = Path(shutil.copy(store.path, tmp_path / "backup.duckdb"))
    fill(store, [event(IN_RANGE), event(IN_RANGE)])
    assert read(query) == [[3]]
    shutil.copy(backup, store.path)
    for side in store.path.parent.glob("audit.duckdb.memory*"):
        side.unlink()
    fill(store, [event(LATER) for _ in range(5)])
    assert read(query) == [[1]]


def test_a_log_without_some_of_its_events_is_read(store: Store) -> None:
    query = queries.total(ENDED)
    assert read(query) == [[1]]
    with store.write() as connection:
        connection.execute("DROP TRIGGER events_keep_rows ON events")
        connection.execute("DELETE FROM events WHERE seq = 1")
    assert read(query) == [[0]]


def test_a_result_is_kept_only_while_the_cache_has_it(store: Store, fill: Fill, asked: list[str]) -> None:
    query = queries.total(ENDED)
    read(query)
    data.cache.clear()
    fill(store, [event(LATER)])
    read(query)
    assert asked.count(query.sql) == 2
