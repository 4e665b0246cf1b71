"""Stores whose roll-ups cover some of their events, and how statements are answered without roll-ups."""

import contextlib
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from audit_store.engines.duckdb import login_queries, queries
from audit_store.engines.duckdb.rollups import cells_sql, upkeep
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event

START = datetime(2026, 3, 8, tzinfo=UTC)
AGENTS = ("support-7", "support-8", "Bob's", "ünal")
ACTIVITIES = ("Login", "User deleted", "Journey saved", "Something new")
SOURCES = ("", "billing")
ADDRESSES = ("203.0.113.9", "2001:db8::1", "gateway", None)


def random_event(dice: random.Random, first: datetime = START, days: int = 4) -> Event:
    """An event somewhere in some days from `first`, some of them on a border between two buckets."""
    moment = timedelta(seconds=dice.randrange(days * 86_400), microseconds=dice.choice([0, 1, 999_999]))
    if dice.random() < 0.2:
        moment -= moment % timedelta(minutes=15)
    return Event(
        agent=dice.choice(AGENTS),
        activity=dice.choice(ACTIVITIES),
        description=dice.choice(["", "changed the role"]),
        occurred_at=first + moment,
        outcome=dice.choice(["success", "failure", None]),
        source=dice.choice(SOURCES),
        source_ip=dice.choice(ADDRESSES),
    )


def cover(store: Store, events: int) -> None:
    """Have every roll-up of a store cover exactly the first `events` events."""
    with store.write() as connection, pytest.MonkeyPatch.context() as patch:
        for coverage in upkeep.coverages(connection):
            assert coverage.covered <= events
        connection.execute("BEGIN")
        patch.setattr(upkeep, "BATCH", 1)
        while (missing := events - (known := upkeep.coverages(connection))[0].covered) > 0:
            patch.setattr(upkeep, "STEP", min(missing, 7))
            upkeep.extend(connection, known, known[0].stored)
        connection.execute("COMMIT")


@contextlib.contextmanager
def plain_statements() -> Iterator[None]:
    """Statements that are made meanwhile count single events."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (queries, login_queries):
            patch.setattr(module, "cells", cells_sql.single_events)
        patch.setattr(login_queries, "login_cells", cells_sql.single_events)
        yield
