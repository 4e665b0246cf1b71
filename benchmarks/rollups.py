"""Milliseconds of the statements behind charts and totals, from roll-ups and from single events, with equal results.

AUDIT_BENCH_STORES names stores, separated by colons; they get their roll-ups first, a step at a time. The CPU time is
that of all threads, and depends little on other work on the machine. The goals, at 100 million events: 30 ms within a
week, 150 ms over all time.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from unittest import mock

from audit_store import catalogue
from audit_store.engines.duckdb import login_queries, queries
from audit_store.engines.duckdb.rollups import cells_sql
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query, Reader
from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period
from benchmarks.stores import stores

RUNS = 3
HOUR = timedelta(hours=1)
KNOWN = catalogue.load()
FILTERS = {
    "all events": EventFilter(),
    "an activity": EventFilter(activity=("Login",)),
    "an agent": EventFilter(agent=("agent-000010@bik.example",)),
    "failures": EventFilter(outcome=("failure",)),
    "a source": EventFilter(source=("web",)),
}
STATEMENTS: dict[str, Callable[[EventFilter], Query]] = {
    "totals": queries.summary,
    "number of events": queries.total,
    "timeline, UTC and New York": lambda where: queries.timeline(where, Buckets(HOUR), KNOWN),
    "timeline, Kolkata": lambda where: queries.timeline(where, Buckets(HOUR, HOUR / 2), KNOWN),
    "by agent": lambda where: queries.by_agent(where, 20, KNOWN),
    "activities": lambda where: queries.facet(where, "activity", 200),
    "agents": lambda where: queries.facet(where, "agent", 200),
    "outcomes": lambda where: queries.facet(where, "outcome", 200),
    "logins of an agent and hour": lambda where: login_queries.login_counts(where, KNOWN.failures, HOUR),
    "logins of an hour": lambda where: login_queries.login_totals(where, KNOWN.failures, HOUR),
}


def main() -> None:
    """Build the roll-ups of each store, and print a line for each statement, range and filter."""
    for path in stores():
        store = Store(path)
        _build(store)
        with store.read() as reader:
            events, _, last, *_ = reader.one(queries.extent())
            print(f"{path.name}: {events:,} events, {path.stat().st_size / events:.1f} bytes an event")
            print("statement                     range   filter            ms  CPU ms  events: ms  CPU ms")
            for name, period in _periods(last).items():
                for which, where in FILTERS.items():
                    _compare(reader, name, which, replace(where, period=period))


def _build(store: Store) -> None:
    steps = []
    while True:
        start = time.perf_counter()
        if not store.roll_up(KNOWN.logins):
            break
        steps.append(time.perf_counter() - start)
    if steps:
        print(f"{store.path.name}: {len(steps)} steps, {sum(steps):.0f} s, the longest {max(steps):.2f} s")


def _periods(last: datetime) -> dict[str, Period]:
    end = last - timedelta(minutes=7)
    return {"all": Period(), **{f"{days} d": Period(end - timedelta(days=days), end) for days in (30, 7)}}


def _compare(reader: Reader, period: str, which: str, where: EventFilter) -> None:
    for name, statement in STATEMENTS.items():
        if name.startswith("logins") and not where.activity:
            continue
        with _single_events():
            plain = statement(where)
        counted = statement(where)
        if _rows(reader, counted) != _rows(reader, plain):
            raise AssertionError(
                f"{name}, {period}, {which}: the roll-ups give another result than the events"
            )
        print(
            f"{name:29} {period:7} {which:12} {_measured(reader, counted)}    {_measured(reader, plain)}",
            flush=True,
        )


def _rows(reader: Reader, query: Query) -> list[str]:
    frame = reader.run(query)
    return sorted(
        repr(row) for row in frame.drop(columns=["buckets", "attempts", "failed"], errors="ignore").values
    )


def _measured(reader: Reader, query: Query) -> str:
    times = []
    for _ in range(RUNS):
        start, cpu = time.perf_counter(), time.process_time()
        reader.run(query)
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    wall, cpu = (sorted(values)[RUNS // 2] for values in zip(*times, strict=True))
    return f"{wall * 1000:7.0f} {cpu * 1000:7.0f}"


@contextlib.contextmanager
def _single_events() -> Iterator[None]:
    """Statements that are made meanwhile count single events."""
    with contextlib.ExitStack() as stack:
        for module, name in ((queries, "cells"), (login_queries, "cells"), (login_queries, "login_cells")):
            stack.enter_context(mock.patch.object(module, name, cells_sql.single_events))
        yield
