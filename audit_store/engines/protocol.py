"""What an engine is: the interface between everything above the store and the database that keeps the events.

An engine is a folder beside `duckdb/` with modules of the same names. Whoever uses a store gets it from
`audit_store.engines.registry` and knows these protocols only. All moments are naive datetimes in UTC.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from audit_store.catalogue import Catalogue
from audit_store.engines.alarm_records import AlarmRecords
from audit_store.engines.fold_results import Conflict, FoldCounts
from audit_store.filters import EventFilter
from audit_store.ranges import Buckets, Period

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from audit_store.engines.logins import LoginQueries
    from audit_store.engines.rules import RuleQueries

READ_WAIT = 10.0
"""Seconds to wait for a store that another program holds, before a read fails."""
WRITE_WAIT = 5.0
"""Seconds to wait for a store that another program holds, before a fold fails."""
SEQ_BLOCK = 1 << 14
"""How many consecutive values of `seq` a row of `EventQueries.blocks` stands for."""
LISTED = ("seq", "event_id", "occurred_at", "agent", "activity", "description", "outcome", "source_ip")
"""The columns that a page of the log shows."""

Version = tuple[int, ...]
"""Changes whenever the store does."""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement of one engine and its named parameters; the function that makes it says which rows it gives.

    If it has a `period`, its rows depend on nothing but the events in it.
    """

    sql: str
    params: dict[str, Any] = field(default_factory=dict)
    period: Period | None = None


class Reader(Protocol):
    """An open store: a few statements, then it is closed. Each statement may raise QueryTimeout."""

    def run(self, query: Query) -> "pd.DataFrame":
        """The rows of a statement."""

    def arrow(self, query: Query) -> "pa.Table":
        """The rows of a statement as an Arrow table."""

    def one(self, query: Query) -> tuple[Any, ...]:
        """The first row of a statement that always has one."""


class FoldTransaction(Protocol):
    """One fold's write: nothing of it is stored before `commit` returns."""

    def folded(self, segments: Sequence[str]) -> dict[str, bool]:
        """Those of the segments, by name, that an earlier fold stored; True for one that was set aside."""

    def insert(
        self, rows: "pa.Table", rejected: Mapping[str, int], present: Sequence[str]
    ) -> tuple[FoldCounts, list[Conflict]]:
        """Store the rows whose key is not in the store yet, in their order, and note their segments as folded.

        `rows` has the columns of an event, `line`, `keyed`, `timed` and `segment` (ingest's ROW_SCHEMA).
        `rejected` maps every segment of this fold to the number of its records that could not become rows.
        `present` names every segment that is in the spool: notes about others are dropped after a while.
        """

    def commit(self) -> None:
        """Make everything durable in the store's own file, so that the segments may be removed."""


class EventQueries(Protocol):
    """The statements of the pages and of export. `where` selects events in each of them."""

    def extent(self) -> Query:
        """One row: events, first and last `occurred_at`, newest `recorded_at` (recorded), last_seq."""

    def schema_version(self) -> Query:
        """One row: schema_version."""

    def coverage(self) -> Query:
        """One row: covered, how many events the roll-ups count."""

    def identity(self) -> Query:
        """One row: store_id (text), created_at."""

    def summary(self, where: EventFilter) -> Query:
        """One row: events, agents (distinct), failures."""

    def total(self, where: EventFilter) -> Query:
        """One row: events."""

    def timeline(self, where: EventFilter, buckets: Buckets, catalogue: Catalogue) -> Query:
        """Rows bucket (its start), category, events, failures; none for empty buckets."""

    def moved(self, where: EventFilter, by: timedelta, buckets: Buckets) -> Query:
        """Rows bucket (its start), events, each event counted `by` later; none for empty buckets."""

    def by_agent(self, where: EventFilter, top: int, catalogue: Catalogue) -> Query:
        """Rows agent (NULL: the others together), category, events, agents, total; the busiest agents first."""

    def facet(self, where: EventFilter, column: str, limit: int, *, containing: str = "") -> Query:
        """Rows value, events: the most frequent values of activity, agent, outcome, source, source_ip or target."""

    def blocks(self, where: EventFilter, *, since: int, below: int) -> Query:
        """Rows block (`seq // SEQ_BLOCK`), events where `since` <= seq < `below`; the newest block first."""

    def seqs(self, where: EventFilter, *, since: int, below: int) -> Query:
        """Rows seq of the events with `since` <= seq < `below`, the newest first."""

    def events_at(self, seqs: Sequence[int], columns: tuple[str, ...] = ...) -> Query:
        """The events with these values of seq, the newest first."""

    def newer(self, where: EventFilter, *, since: int) -> Query:
        """One row: events with seq >= `since`."""

    def page(self, where: EventFilter, *, below: int, rows: int, columns: tuple[str, ...] = ...) -> Query:
        """`rows` events with seq < `below`, the newest first."""

    def event(self, event_id: str) -> Query:
        """The events with this `event_id`, one a source, all columns."""

    def export_plan(self, where: EventFilter) -> Query:
        """Rows first, last (seq), events, bytes for short stretches of seq, in order."""

    def export_block(self, where: EventFilter, *, first: int, last: int) -> Query:
        """The events with `first` <= seq <= `last` in order, all columns; UUID and JSON as text."""


class Engine(Protocol):
    """A store of events. Holds no connection, so it may be shared by threads and forked."""

    path: Path
    batch_rows: int
    """How many rows the engine compresses together: a fold of whole batches costs least."""
    queries: EventQueries
    login_queries: "LoginQueries"
    rule_queries: "RuleQueries"
    alarm_records: AlarmRecords

    def exists(self) -> bool:
        """Whether the store is there and holds anything."""

    def version(self) -> Version:
        """Changes whenever the store does; found without opening it."""

    def read(self, wait: float = READ_WAIT) -> AbstractContextManager[Reader]:
        """Open the store for a few statements; `wait` is in seconds.

        Raises StoreNotFound, StoreLost, StoreBusy, StoreCorrupt or StoreNewer."""

    def run(self, query: Query, wait: float = READ_WAIT) -> "pd.DataFrame":
        """The rows of one statement. Raises as `read` does."""

    def fold(self, wait: float = WRITE_WAIT) -> AbstractContextManager[FoldTransaction]:
        """Open the store for one fold, or create it. Raises StoreBusy, StoreLost, StoreCorrupt or StoreNewer."""

    def compress(self, wait: float = WRITE_WAIT) -> bool:
        """Compress one part of the older events, which stay as they are; gives whether more remain.

        The store is held for seconds at most. Raises as `fold` does."""

    def roll_up(self, logins: Sequence[str], wait: float = WRITE_WAIT) -> bool:
        """Do a short step of the upkeep of roll-ups, if one is due; gives whether it was. Raises as `fold` does."""

    def check(self, wait: float = READ_WAIT) -> list[str]:
        """A sentence for each roll-up and alarm that does not agree with the events. Raises as `read` does."""

    def wait_until_free(self, wait: float) -> None:
        """Return once no other program is known to keep the store; raises StoreBusy after `wait` seconds."""

    def fold_results(self, segments: Sequence[str], wait: float = READ_WAIT) -> FoldCounts:
        """What became of these segments, by name, whoever folded them; known for an hour. Raises as `read` does."""
