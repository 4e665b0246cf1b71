"""The list of a filter: its pages are those of the plain query, and cost what they show."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard import data
from dashboard.log import listing, neighbours, walk
from dashboard.log.listing import Listing
from dashboard.log.pin import Pin
from dashboard.log.walk import Walk
from tests.conftest import examples
from tests.dashboard.page_runs import NOW

BLOCK = 4
START = NOW.replace(tzinfo=None)
_FILL = """
INSERT INTO events
SELECT first + n, uuidv7(), $start::TIMESTAMP + to_minutes((first + n) * 7 % 100), $start,
       'agent-' || ((first + n) % 3),
       CASE WHEN hash(first + n) % 5 = 0 THEN 'Login' ELSE 'Journey saved' END,
       CASE WHEN (first + n) % 41 = 0 THEN 'a Rare Word' ELSE 'number ' || (first + n) END,
       NULL, NULL, NULL, '', '{}'
FROM range($n) numbers(n), (SELECT coalesce(max(seq) + 1, 0) AS first FROM events)
"""
filters = st.builds(
    EventFilter,
    period=st.sampled_from(
        [Period(), Period(START + timedelta(minutes=30)), Period(None, START + timedelta(minutes=55))]
    ),
    activity=st.sampled_from([(), ("Login",), ("Coffee made",)]),
    not_agent=st.sampled_from([(), ("agent-1",)]),
    q=st.sampled_from(["", "rare word", "1", "nowhere"]),
)


def append(store: Store, events: int) -> None:
    with store.write() as connection:
        connection.execute(_FILL, {"n": events, "start": START})


def plain(store: Store, where: EventFilter, below: int) -> list[int]:
    """The positions of a filter's events, from one statement."""
    return store.run(queries.seqs(where, since=0, below=below))["seq"].tolist()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of 4 to 64 events, counted from 3 expected events, so that a small store has all kinds."""
    for module in (walk, queries):
        monkeypatch.setattr(module, "SEQ_BLOCK", BLOCK)
    monkeypatch.setattr(walk, "NARROWEST", BLOCK)
    monkeypatch.setattr(walk, "WIDEST", 16 * BLOCK)
    monkeypatch.setattr(walk, "MANY", 3)
    monkeypatch.setattr(listing, "NEAR", 8 * BLOCK)


@pytest.fixture
def made(tmp_path: os.PathLike[str]) -> Callable[[int], Store]:
    numbers = iter(range(10_000))

    def make(events: int) -> Store:
        store = Store(f"{tmp_path}/{next(numbers)}.duckdb")
        os.environ["AUDIT_STORE"] = str(store.path)
        append(store, events)
        return store

    return make


@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=filters,
    size=st.integers(1, 400),
    rows=st.integers(1, 60),
    appended=st.integers(0, 60),
    turns=st.lists(st.integers(0, 30), max_size=4),
)
def test_pages_are_those_of_the_plain_query(
    made: Callable[[int], Store],
    where: EventFilter,
    size: int,
    rows: int,
    appended: int,
    turns: list[int],
) -> None:
    store = made(size)
    seqs, listed = plain(store, where, size), Listing(Pin(where, size))
    pages = -(-len(seqs) // rows)
    for page in [*turns, *range(pages + 1)]:  # in any order first
        if appended and page == pages // 2:
            append(store, appended)
        listed.search((page + 1) * rows, seconds=60)
        assert listed.seqs(page * rows, rows) == seqs[page * rows : (page + 1) * rows]
    assert listed.complete
    assert listed.events == len(seqs)


@pytest.mark.usefixtures("small_blocks")
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=filters, size=st.integers(1, 300), seq=st.integers(0, 299))
def test_the_position_of_an_event_is_that_of_the_plain_query(
    made: Callable[[int], Store], where: EventFilter, size: int, seq: int
) -> None:
    store, seq = made(size), seq % size
    seqs, listed = plain(store, where, size), Listing(Pin(where, size))
    listed.search(size + 1, seconds=60)
    found = neighbours.position(listed, seq)
    newer, older = [other for other in seqs if other > seq], [other for other in seqs if other < seq]
    assert found.rank == (len(newer) if seq in seqs else None)
    steps = {"newer": newer[-1:], "older": older[:1]}
    ids = dict(store.run(Query("SELECT seq, event_id::VARCHAR FROM events")).itertuples(index=False))
    for name, expected in steps.items():
        neighbour = getattr(found, name)
        assert (neighbour and neighbour.event_id) == (ids[expected[0]] if expected else None)
        assert neighbour is None or neighbour.rank == seqs.index(expected[0])


def test_an_event_that_a_search_has_not_reached_has_no_position(made: Callable[[int], Store]) -> None:
    made(100)
    assert not neighbours.position(Listing(Pin(EventFilter(q="rare"), 100)), 5).is_read


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Half a million events."""
    store = Store(tmp_path_factory.mktemp("large") / "audit.duckdb")
    append(store, 500_000)
    return store


@pytest.fixture
def statements(large: Store, monkeypatch: pytest.MonkeyPatch) -> list[Query]:
    """The statements that are read from the large store."""
    monkeypatch.setenv("AUDIT_STORE", str(large.path))
    read: list[Query] = []

    def frames(*several: Query) -> list[pd.DataFrame]:
        read.extend(several)
        return [large.run(query) for query in several]

    monkeypatch.setattr(data, "frames", frames)
    return read


def compared(statements: list[Query]) -> int:
    """How many events were compared with the filter."""
    bounds = [query.params for query in statements if "since" in query.params]
    return sum(bound["below"] - bound["since"] for bound in bounds)


@pytest.mark.parametrize("where", [EventFilter(), EventFilter(activity=("Login",)), EventFilter(q="number")])
def test_the_newest_page_reads_the_end_of_the_log(statements: list[Query], where: EventFilter) -> None:
    listed = Listing(Pin(where, 500_000))
    listed.search(100, seconds=60)
    assert len(listed.seqs(0, 100)) == 100
    assert compared(statements) <= 2 * walk.NARROWEST


def test_the_last_page_reads_the_beginning_of_the_log(statements: list[Query], large: Store) -> None:
    listed = Listing(Pin(EventFilter(activity=("Login",)), 500_000))
    seqs = listed.seqs(listed.events - 70, 100)
    assert compared(statements) <= 2 * walk.NARROWEST
    assert seqs == plain(large, listed.pinned.where, 500_000)[-70:]
    assert listed.rank(seqs[0]) == listed.events - 70
    assert compared(statements) <= 4 * walk.NARROWEST


def test_the_next_page_goes_on_below_this_one(statements: list[Query]) -> None:
    listed = Listing(Pin(EventFilter(activity=("Login",)), 500_000))
    listed.seqs(0, 100)
    before = compared(statements)
    listed.seqs(100, 100)
    assert compared(statements) == before


def test_positions_that_were_counted_are_read_for_the_page_alone(
    statements: list[Query], large: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MANY", 1000)
    newest = Walk(Pin(EventFilter(activity=("Login",)), 500_000))
    newest.read(60_000)
    before = compared(statements)
    seqs = newest.seqs(50_000, 100)
    assert seqs == plain(large, newest.pinned.where, 500_000)[50_000:50_100]
    assert compared(statements) - before <= 2 * walk.SEQ_BLOCK


def test_a_page_in_the_middle_of_an_ordered_log_reads_few_events(
    tmp_path: Path, statements: list[Query], monkeypatch: pytest.MonkeyPatch, small_blocks: None
) -> None:
    ordered = Store(tmp_path / "audit.duckdb")
    with ordered.write() as connection:
        connection.execute(_FILL.replace("* 7 % 100", ""), {"n": 6000, "start": START})
    monkeypatch.setattr(
        data, "frames", lambda *several: [statements.append(query) or ordered.run(query) for query in several]
    )
    listed = Listing(Pin(EventFilter(activity=("Login",)), 6000))
    middle = listed.events // 2
    assert listed.seqs(middle, 10) == plain(ordered, listed.pinned.where, 6000)[middle : middle + 10]
    walked = [query for query in statements if not {"start", "end"} & set(query.params)]
    hour = 60
    assert compared(walked) < 4 * listing.NEAR + 2 * hour
