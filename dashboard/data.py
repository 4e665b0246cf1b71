"""Cached reads: one opening of the store for all queries of a page, cached until the store changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from audit_store.engines.protocol import Engine, EventQueries, Query, Version
from audit_store.engines.registry import open_store
from audit_store.filters import EventFilter
from audit_store.store_files import default_store
from dashboard.ended_ranges import EndedRanges, Opening
from dashboard.query_cache import QueryCache

OPTIONS = 200
FACETS = ("activity", "agent", "outcome")
WAIT = 4.0
_END = 2**62
cache = QueryCache(entries=1024, most_bytes=128_000_000, at_once=4)
ended = EndedRanges()


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of events in the store, the first and the last of them (naive UTC), and the last seq.

    Without events, `first` and `last` are None and `last_seq` is -1.
    """

    events: int
    first: datetime | None
    last: datetime | None
    last_seq: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What the file contains; the newest event and the last time of storing (naive UTC) are None without events.

    `rolled_up` is how many events the roll-ups count.
    """

    events: int
    newest: datetime | None
    recorded: datetime | None
    schema_version: int
    rolled_up: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every page needs: the extent of the store, and the values of each of FACETS with their events.

    There are at most OPTIONS values, the most frequent first; each count is that of the rows after selecting it alone.
    The values of a search are those without its text, and are not counted: that would read every event. So are those
    of a filter by metadata.
    """

    extent: Extent
    facets: Mapping[str, Mapping[str, int | None]]


def store() -> Engine:
    """The store of this dashboard."""
    return open_store(default_store())


def queries() -> EventQueries:
    """The statements of that store."""
    return store().queries


def newest(where: EventFilter, rows: int, columns: tuple[str, ...]) -> Query:
    """The statement of the newest events of a filter, at most `rows`."""
    return queries().page(where, below=_END, rows=rows, columns=columns)


def version() -> Version:
    """Changes whenever the store does; found without opening it."""
    return store().version()


def surroundings(where: EventFilter) -> Surroundings:
    """The extent and facets of a filter.

    Raises StoreNotFound, StoreBusy, StoreCorrupt, StoreNewer or QueryTimeout.
    """
    extent, *facets = frames(queries().extent(), *(_facet(where, name) for name in FACETS))
    row = extent.to_dict("records")[0]
    seq = -1 if pd.isna(row["last_seq"]) else int(row["last_seq"])
    return Surroundings(
        Extent(int(row["events"]), _moment(row["first"]), _moment(row["last"]), seq),
        {name: _counts(where, facet) for name, facet in zip(FACETS, facets, strict=True)},
    )


def values(where: EventFilter, column: str, containing: str = "") -> dict[str, int | None]:
    """The OPTIONS most frequent values of a facet that contain a text, as `Surroundings.facets`.

    Ignores case. Those of a source, an address or a target are read from the events. Raises as `surroundings`.
    """
    return _counts(where, frames(_facet(where, column, containing))[0])


def contents() -> Contents:
    """What the file contains. Raises as `surroundings`."""
    extent, version, coverage = frames(queries().extent(), queries().schema_version(), queries().coverage())
    row = extent.to_dict("records")[0]
    return Contents(
        int(row["events"]),
        _moment(row["last"]),
        _moment(row["recorded"]),
        int(version["schema_version"].iloc[0]),
        int(coverage["covered"].iloc[0]),
    )


def total(where: EventFilter) -> int:
    """How many events a filter selects. Raises as `surroundings`."""
    return int(frames(queries().total(where))[0]["events"].iloc[0])


def events_at(seqs: Sequence[int], columns: tuple[str, ...]) -> pd.DataFrame:
    """The events with these values of seq, the newest first. Raises as `surroundings`."""
    return frames(queries().events_at(seqs, columns))[0]


def newer(where: EventFilter, since: int) -> int:
    """How many events have a seq of `since` or more. Raises as `surroundings`."""
    return int(frames(queries().newer(where, since=since))[0]["events"].iloc[0])


def event(event_id: str) -> pd.DataFrame:
    """The events with this id, one for each source, all columns. Raises as `surroundings`."""
    return frames(queries().event(event_id))[0]


def frames(*statements: Query) -> list[pd.DataFrame]:
    """The rows of each statement, from at most one opening of the store. Raises as `surroundings`."""
    engine = store()
    # With its version, a store that has changed is read again, if only to see that a result still holds.
    state = str(engine.path), engine.version()

    def read(positions: Sequence[int]) -> Iterator[pd.DataFrame]:
        with engine.read(wait=WAIT) as reader:
            opening = Opening(ended, str(engine.path), engine.queries, reader)
            for position in positions:
                yield opening.run(statements[position])

    return cache.read([(state, query.sql, repr(sorted(query.params.items()))) for query in statements], read)


def _facet(where: EventFilter, column: str, containing: str = "") -> Query:
    return queries().facet(where.without(*_uncounted(where)), column, OPTIONS, containing=containing)


def _uncounted(where: EventFilter) -> list[str]:
    """The parameters that compare long texts of every event."""
    return [*(["q"] if where.q else []), *(selection.parameter for selection in where.metadata)]


def _counts(where: EventFilter, facet: pd.DataFrame) -> dict[str, int | None]:
    counts = [None] * len(facet) if _uncounted(where) else facet["events"].tolist()
    return dict(zip(facet["value"].tolist(), counts, strict=True))


def _moment(value: pd.Timestamp) -> datetime | None:
    return None if pd.isna(value) else value.to_pydatetime()
