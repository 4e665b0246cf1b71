"""This product: the statements of its pages over its own store, with roll-ups."""

import contextlib
import math
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from audit_store.engines.protocol import Engine as Store
from audit_store.engines.protocol import Query
from audit_store.engines.registry import open_store
from audit_store.ranges import Buckets
from benchmarks.engines.cases import AGENT, BUSIEST, FACETS, HOUR, KNOWN, LISTED, ROWS, Case
from benchmarks.engines.engine import peak_memory_of
from benchmarks.engines.statements import microseconds
from dashboard import data
from dashboard.log.event_list import columns
from dashboard.log.listing import Listing
from dashboard.log.pin import Pin


class Product:
    """Answers as the pages do, without their cache of results."""

    name = "this product"

    def __init__(self, store: Path, folder: Path) -> None:
        self._store: Store = open_store(store)
        self._opened = contextlib.ExitStack()
        self._events = 0

    @staticmethod
    def missing() -> str:
        """It is always there."""
        return ""

    def load(self, events: Path) -> None:
        """Build what is missing of the roll-ups; the events are in the store."""
        while self._store.roll_up(KNOWN.logins):
            pass

    def open(self) -> None:
        """Open the store."""
        os.environ["AUDIT_STORE"] = str(self._store.path)
        data.cache.clear()
        self._reader = self._opened.enter_context(self._store.read())
        self._events = int(self._reader.one(self._store.queries.extent())[0])

    def query(self, case: Case) -> Any:
        """A frame, as a page gets it."""
        if case.query == "newest page":
            data.cache.clear()
            listing = Listing(Pin(case.where, self._events))
            if listing.is_search:
                listing.search(ROWS, seconds=math.inf)
            return data.events_at(listing.seqs(0, ROWS), columns.READ)
        return self._reader.run(_statement(self._store, case))

    def rows(self, case: Case, result: Any) -> list[tuple[Any, ...]]:
        """The rows of a frame, with the columns of the plain statement of the case."""
        if case.query == "logins by agent and hour":
            lists = ["buckets", "attempts", "failed"]
            cells = result.drop(columns="decided").explode(lists).astype(dict.fromkeys(lists, "int64"))
            result = cells.groupby(["agent", "buckets"], as_index=False).sum()
        if case.query == "addresses":
            result = result.drop(columns="window_id")
        if case.query == "by agent":
            result = result[["agent", "category", "events"]]
        if case.query == "newest page":
            result = result[list(LISTED)]
        hours = ["bucket"] if case.query in ("timeline", "period before") else []
        return rows_of(result, hours)

    def close(self) -> None:
        """Close the store."""
        self._opened.close()

    def files(self) -> list[Path]:
        """The store."""
        return [self._store.path]

    def size(self) -> int:
        """The bytes of the store."""
        return self._store.path.stat().st_size

    def peak_memory(self) -> int:
        """That of this process."""
        return peak_memory_of()


def rows_of(frame: pd.DataFrame, hours: Collection[str] = ()) -> list[tuple[Any, ...]]:
    """The rows of a frame, times in microseconds, and in hours the columns `hours`."""
    plain = {}
    for name, column in frame.items():
        values: list[Any] = column.tolist()
        if pd.api.types.is_datetime64_dtype(column):
            values = [
                microseconds(value) // (HOUR.seconds * 1_000_000 if name in hours else 1) for value in values
            ]
        plain[name] = [None if value is None or value != value else value for value in values]
    return list(zip(*plain.values(), strict=True))


def _statement(store: Store, case: Case) -> Query:
    queries, where = store.queries, case.where
    if case.query in FACETS:
        return queries.facet(where, FACETS[case.query], data.OPTIONS)
    match case.query:
        case "totals":
            return queries.summary(where)
        case "timeline":
            return queries.timeline(where, Buckets(HOUR), KNOWN)
        case "period before":
            return queries.moved(where.before() or where, case.length, Buckets(HOUR))
        case "by agent":
            return queries.by_agent(where, BUSIEST, KNOWN)
        case "number of events":
            return queries.total(where)
        case "logins by agent and hour":
            return store.login_queries.login_counts(where, KNOWN.failures, HOUR)
        case "sources by hour":
            return store.login_queries.heartbeat(where, HOUR)
        case "addresses":
            subject = (0, AGENT, None, *case.bounds)
            return store.login_queries.done_by(where.without("agent"), [subject])
    raise ValueError(f"no page asks for {case.query}")
