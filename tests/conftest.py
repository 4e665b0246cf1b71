"""Fixtures that all tests share: real stores in folders of their own."""

import signal
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event, fresh_id

RECORDED_AT = datetime(2026, 3, 14, 12, tzinfo=UTC)
Fill = Callable[[Store, Iterable[Event]], Store]

# Examples touch real files on shared machines: their time says nothing.
settings.register_profile("audit", deadline=None)
settings.load_profile("audit")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store that is not there yet."""
    return Store(tmp_path / "audit.duckdb")


@pytest.fixture(scope="session")
def fill() -> Fill:
    """Append events to a store with plain INSERTs, `seq` going on without a gap; gives the store."""
    return _fill


@pytest.fixture(scope="session")
def make_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[Event]], Store]:
    """A new store with these events; for properties, which share one fixture between examples."""
    return lambda events: _fill(Store(tmp_path_factory.mktemp("store") / "audit.duckdb"), events)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C reaches this process and its children, as in a terminal; background jobs begin by ignoring it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _fill(store: Store, events: Iterable[Event]) -> Store:
    with store.write() as connection:
        first = connection.execute("SELECT count(*) FROM events").fetchone()[0]
        rows = [_row(first + place, event) for place, event in enumerate(events)]
        places = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
        if rows:
            connection.execute(
                f"INSERT INTO events VALUES {places}", [value for row in rows for value in row]
            )
    return store


def _row(seq: int, event: Event) -> tuple[object, ...]:
    happened = (event.occurred_at or RECORDED_AT).replace(tzinfo=None)
    times = (happened, RECORDED_AT.replace(tzinfo=None))
    texts = (event.agent, event.activity, event.description, event.outcome, event.source_ip, event.target)
    return (seq, event.key or fresh_id(), *times, *texts, event.source, event.metadata)
