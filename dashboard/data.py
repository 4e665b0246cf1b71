"""Cached reads: one opening of the store for all queries of a view, kept until the store changes."""

import contextlib
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from audit_store.engines.protocol import LISTED, Engine, EventQueries, Query, Reader
from audit_store.engines.registry import open_store
from audit_store.filters import EventFilter
from ingest import default_store

OPTIONS = 200
FACETS = ("activity", "agent", "outcome")
WAIT = 4.0
_QUERIES_KEPT = 1024
_BYTES_KEPT = "256MB"


@dataclass(frozen=True, slots=True)
class Extent:
    """What a store holds: events, from when to when (naive UTC, None without events), the last seq."""

    events: int
    first: datetime | None
    last: datetime | None
    last_seq: int


@dataclass(frozen=True, slots=True)
class Inside:
    """What the file says about itself; the newest event and record (naive UTC) are None without events."""

    events: int
    newest: datetime | None
    recorded: datetime | None
    schema_version: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every page needs: the extent of the store, and of each of FACETS its values with their events.

    The busiest OPTIONS values come first; each count is that of the rows after choosing it alone.
    """

    extent: Extent
    facets: Mapping[str, Mapping[str, int]]


def store() -> Engine:
    """The store this dashboard shows."""
    return open_store(default_store())


def queries() -> EventQueries:
    """The statements of that store."""
    return store().queries


def surroundings(where: EventFilter) -> Surroundings:
    """The choices that the sidebar offers. Raises StoreNotFound, StoreBusy, StoreCorrupt or StoreNewer."""
    extent, *facets = frames(queries().extent(), *(queries().facet(where, name, OPTIONS) for name in FACETS))
    row = extent.to_dict("records")[0]
    seq = -1 if pd.isna(row["last_seq"]) else int(row["last_seq"])
    return Surroundings(
        Extent(int(row["events"]), _moment(row["first"]), _moment(row["last"]), seq),
        {name: _counts(facet) for name, facet in zip(FACETS, facets, strict=True)},
    )


def sources(where: EventFilter) -> dict[str, int]:
    """The busiest OPTIONS sources and their events ("none": not given). Raises as `surroundings`."""
    return _counts(frames(queries().facet(where, "source", OPTIONS))[0])


def find(where: EventFilter, column: str, text: str) -> dict[str, int]:
    """The busiest OPTIONS values of one of FACETS in which `text` stands, with their events.

    Upper and lower case are the same. Raises as `surroundings`.
    """
    return _counts(frames(queries().facet(where, column, OPTIONS, containing=text))[0])


def inside() -> Inside:
    """What the file says about itself. Raises as `surroundings`."""
    extent, version = frames(queries().extent(), queries().schema_version())
    row = extent.to_dict("records")[0]
    return Inside(
        int(row["events"]),
        _moment(row["last"]),
        _moment(row["recorded"]),
        int(version["schema_version"].iloc[0]),
    )


def page_index(where: EventFilter, below: int) -> pd.DataFrame:
    """The rows of `queries.page_index`. Raises as `surroundings`."""
    return frames(queries().page_index(where, below=below))[0]


def page(
    where: EventFilter,
    *,
    below: int,
    skip: int,
    rows: int,
    columns: tuple[str, ...] = LISTED,
    since: int = 0,
) -> pd.DataFrame:
    """The rows of `queries.page`. Raises as `surroundings`."""
    asked = queries().page(where, below=below, skip=skip, rows=rows, columns=columns, since=since)
    return frames(asked)[0]


def newer(where: EventFilter, since: int) -> int:
    """How many events have come from the seq `since` on. Raises as `surroundings`."""
    return int(frames(queries().newer(where, since=since))[0]["events"].iloc[0])


def event(event_id: str) -> pd.DataFrame:
    """The event, or one a source, with this id, all columns. Raises as `surroundings`."""
    return frames(queries().event(event_id))[0]


def frames(*asked: Query) -> list[pd.DataFrame]:
    """The rows of each statement, from at most one opening of the store. Raises as `surroundings`."""
    opened = store()
    path, version = str(opened.path), opened.version()
    with contextlib.ExitStack() as kept:
        # Opened for the first statement that is not in the cache.
        reader = functools.cache(lambda: kept.enter_context(opened.read(wait=WAIT)))
        return [_read(path, version, query, reader) for query in asked]


def _counts(facet: pd.DataFrame) -> dict[str, int]:
    return dict(zip(facet["value"].tolist(), facet["events"].tolist(), strict=True))


def _moment(value: pd.Timestamp) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime()


@st.cache_data(max_entries=_QUERIES_KEPT, max_size=_BYTES_KEPT, show_spinner=False)
def _read(path: str, version: tuple[int, ...], query: Query, _reader: Callable[[], Reader]) -> pd.DataFrame:
    # `version` is part of the key: whatever is stored later is read anew.
    return _reader().run(query)
