"""Every statement over roll-ups gives what it gives over single events."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarms.detector.evidence import first_times
from audit_store import catalogue
from audit_store.engines.duckdb import login_queries, queries
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.event import Event
from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period
from tests.audit_store.engines.duckdb.rollups import worlds
from tests.audit_store.engines.duckdb.rollups.worlds import ACTIVITIES, AGENTS, START
from tests.conftest import examples

MakeStore = Callable[[Iterable[Event]], Store]
KNOWN = catalogue.load()
EVENTS = 80
COVERED = (0, 1, 50, EVENTS)
IN_1971 = datetime(1971, 12, 30, tzinfo=UTC)
OLD_CLOCKS = len(COVERED)
MINUTE = timedelta(minutes=1)
STEPS = [MINUTE, 15 * MINUTE, 60 * MINUTE]


class World(NamedTuple):
    """A store, and when its events begin."""

    store: Store
    first: datetime


@pytest.fixture(scope="module")
def stores(make_store: MakeStore) -> list[World]:
    """Stores whose roll-ups cover COVERED of their events; the last one's events lie around 1972."""
    made = []
    for number, covered in enumerate((*COVERED, EVENTS)):
        first = IN_1971 if number == OLD_CLOCKS else START
        dice = random.Random(number)
        store = make_store(
            worlds.random_event(dice, first, 16 if number == OLD_CLOCKS else 4) for _ in range(EVENTS)
        )
        worlds.cover(store, covered)
        made.append(World(store, first.replace(tzinfo=None)))
    return made


def some(values: Iterable[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.lists(st.sampled_from(list(values)), min_size=1, max_size=3, unique=True).map(
        tuple
    )


bounds = (
    st.none()
    | st.integers(-1, 4 * 96 + 1).map(lambda n: n * 15 * MINUTE)
    | st.timedeltas(min_value=-MINUTE, max_value=timedelta(days=5))
)
filters = st.builds(
    dict,
    tz=st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York", "America/St_Johns", "Africa/Monrovia"]),
    activity=some(ACTIVITIES),
    agent=some(AGENTS),
    outcome=some(["success", "failure", "none"]),
    source=some(["billing", "none"]),
    not_activity=some(ACTIVITIES),
    not_agent=some(AGENTS),
    not_source=some(["billing"]),
    hours=st.just(()) | st.just(()) | some(["off", "Mon-02", "Sun-14", "Tue-23"]),
    q=st.just("") | st.just("") | st.sampled_from(["role", "7"]),
    below=st.none() | st.integers(0, EVENTS + 5),
)
which = st.integers(0, OLD_CLOCKS)
one_filter = st.tuples(filters, bounds, bounds)


def made(parts: tuple[dict[str, Any], timedelta | None, timedelta | None], first: datetime) -> EventFilter:
    fields, start, end = parts
    period = Period(None if start is None else first + start, None if end is None else first + end)
    return EventFilter(period=period, **fields)


def statements(where: EventFilter, step: timedelta, by: timedelta) -> list[Query]:
    """Every statement that may be answered by roll-ups."""
    logins = where, KNOWN.failures, max(step, 15 * MINUTE)
    buckets = Buckets(step, by % step)
    return [
        queries.summary(where),
        queries.total(where),
        queries.timeline(where, buckets, KNOWN),
        queries.moved(where, by, buckets),
        queries.by_agent(where, 2, KNOWN),
        *(queries.facet(where, column, 3) for column in ("activity", "agent", "outcome", "source")),
        queries.facet(where, "agent", 3, containing="SUPPORT"),
        login_queries.heartbeat(where, step),
        login_queries.login_counts(*logins),
        login_queries.login_totals(*logins),
    ]


def by_bucket(
    buckets: Iterable[int], attempts: Iterable[int], failed: Iterable[int]
) -> list[tuple[int, int, int]]:
    """The sums of attempts and failures of each bucket that has any."""
    sums: Counter[int] = Counter()
    failures: Counter[int] = Counter()
    for bucket, more, more_failed in zip(buckets, attempts, failed, strict=True):
        sums[bucket] += int(more)
        failures[bucket] += int(more_failed)
    return [(int(bucket), sums[bucket], failures[bucket]) for bucket in sorted(sums) if sums[bucket]]


def rows(frame: pd.DataFrame) -> list[str]:
    """The rows as texts, whatever their order; the lists of a row become one list with a sum for each bucket."""
    if "buckets" in frame:
        lists = frame[["buckets", "attempts", "failed"]].itertuples(index=False, name=None)
        frame = frame.assign(buckets=[by_bucket(*row) for row in lists], attempts=0, failed=0)
    return sorted(map(repr, frame.itertuples(index=False, name=None)))


@settings(max_examples=examples(150))
@given(
    which,
    one_filter,
    st.sampled_from(STEPS),
    st.integers(0, 200).map(lambda n: n * 5 * MINUTE) | st.timedeltas(timedelta(), timedelta(days=9)),
)
def test_roll_ups_give_what_single_events_give(
    stores: list[World],
    n: int,
    parts: tuple[dict[str, Any], timedelta | None, timedelta | None],
    step: timedelta,
    by: timedelta,
) -> None:
    where = made(parts, stores[n].first)
    with worlds.plain_statements():
        plain = statements(where, step, by)
    with stores[n].store.read() as reader:
        for statement, expected in zip(statements(where, step, by), plain, strict=True):
            assert rows(reader.run(statement)) == rows(reader.run(expected)), statement.sql


@pytest.mark.parametrize("column", ["agent", "source_ip"])
@pytest.mark.parametrize("n", range(OLD_CLOCKS + 1))
def test_names_are_first_seen_at_their_first_login(stores: list[World], n: int, column: str) -> None:
    store = stores[n].store
    logins = f"activity IN ({', '.join(map(repr, KNOWN.logins))}) AND {column} IS NOT NULL"
    plain = f"SELECT {column} AS name, min(occurred_at) AS first FROM events WHERE {logins} GROUP BY ALL"
    with store.read() as reader:
        expected = {row["name"]: row["first"] for row in reader.arrow(Query(plain)).to_pylist()}
        assert first_times(store, reader, KNOWN.logins, column, [*expected, "nobody"]) == expected
        late = max(expected, key=lambda name: expected[name])
        assert first_times(store, reader, KNOWN.logins, column, [late]) == {late: expected[late]}
