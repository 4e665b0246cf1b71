"""Which events of a damaged store can be read, and a new store made of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.reader import Reader
from audit_store.engines.duckdb.recovery import salvage_sql
from audit_store.engines.duckdb.schema import ROW_GROUP
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter

VECTOR = 2_048  # rows that DuckDB decompresses together
_SAVED_AT_ONCE = 8_192
_SHOWN = 20

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Survey:
    """Which events of a log can be read, in ranges of seq with both ends included.

    `events` counts those that can be read, `damaged` those in the file that cannot; `missing` are all seq from 0
    to `last` (-1: an empty log) that cannot be read.
    """

    events: int
    damaged: int
    last: int
    readable: tuple[Range, ...]
    missing: tuple[Range, ...]

    def up_to(self, last: int) -> "Survey":
        """The survey of a log that is known to end with seq `last`."""
        if last <= self.last:
            return self
        return replace(self, last=last, missing=tuple(_merged([*self.missing, (self.last + 1, last)])))

    def lines(self) -> list[str]:
        """The survey for a person."""
        lost = sum(last - first + 1 for first, last in self.missing)
        lines = [f"{self.events:,} events can be read, {lost:,} are missing"]
        lines += [_range_words(first, last) for first, last in self.missing[:_SHOWN]]
        if len(self.missing) > _SHOWN:
            rest = sum(last - first + 1 for first, last in self.missing[_SHOWN:])
            lines.append(f"missing: {rest:,} events in {len(self.missing) - _SHOWN} more ranges")
        return lines


def survey(reader: Reader) -> Survey:
    """Read every value of every event. Raises StoreCorrupt where there is no list of events at all."""
    count, last = reader.one(salvage_sql.log_end())
    last = max(count - 1, -1 if last is None else last)
    readable: list[Range] = []
    missing: list[Range] = []
    events = absent = 0
    for first in range(0, last + 1, ROW_GROUP):
        for start, end, count in _readable(reader, first, min(first + ROW_GROUP - 1, last)):
            if count is None:
                missing.append((start, end))
                continue
            events += count
            readable.append((start, end))
            if count != end - start + 1:
                gaps = _gaps(reader, start, end)
                missing += gaps
                absent += sum(b - a + 1 for a, b in gaps)
    damaged = last + 1 - events - absent
    return Survey(events, damaged, last, tuple(_merged(readable)), tuple(_merged(missing)))


def _readable(reader: Reader, first: int, last: int) -> Iterator[tuple[int, int, int | None]]:
    """The range in parts, each with the number of its events, or None if it cannot be read."""
    table = reader.salvage(salvage_sql.readable(first, last))
    if table is not None:
        yield first, last, int(table["events"][0].as_py())
    elif last - first < VECTOR:
        yield first, last, None
    else:
        # Split at the boundary of a vector.
        half = (last - first + 1) // 2
        middle = first + -(-half // VECTOR) * VECTOR
        yield from _readable(reader, first, middle - 1)
        yield from _readable(reader, middle, last)


def _gaps(reader: Reader, first: int, last: int) -> list[Range]:
    table = reader.salvage(salvage_sql.seqs(first, last))
    present = np.array([] if table is None else table["seq"].to_numpy(), np.int64)
    absent = np.setdiff1d(np.arange(first, last + 1), present)
    return list(_merged([(int(seq), int(seq)) for seq in absent]))


def _merged(ranges: Sequence[Range]) -> Iterator[Range]:
    """The ranges in order, adjacent ones merged."""
    held: Range | None = None
    for first, last in sorted(ranges):
        if held is not None and first == held[1] + 1:
            held = held[0], last
            continue
        if held is not None:
            yield held
        held = first, last
    if held is not None:
        yield held


def save(source: Store, surveyed: Survey, target: Path, wait: float) -> None:
    """Make a new store of the readable events of a damaged one; they keep their seq."""
    with source.read(wait, checked=False) as reader, Store(target).write(wait) as connection:
        connection.execute("BEGIN")
        identity = reader.salvage(queries.identity())
        if identity is not None and identity.num_rows:
            row = identity.to_pylist()[0]
            _run(connection, salvage_sql.identify(row["store_id"], row["created_at"]))
        # Without these notes a fold that was interrupted would store its segments twice.
        _insert(reader, connection, "folded_segments", salvage_sql.folded())
        for first, last in surveyed.readable:
            for start in range(first, last + 1, _SAVED_AT_ONCE):
                end = min(start + _SAVED_AT_ONCE - 1, last)
                _insert(
                    reader, connection, "events", queries.export_block(EventFilter(), first=start, last=end)
                )
        connection.execute("COMMIT")
        connection.checkpoint()


def _insert(reader: Reader, connection: Connection, table: str, rows: Query) -> None:
    saved = reader.salvage(rows)
    if saved is not None and saved.num_rows:
        connection.register("saved", saved)
        _run(connection, salvage_sql.insert_saved(table))
        connection.unregister("saved")


def _run(connection: Connection, statement: Query) -> None:
    connection.execute(statement.sql, statement.params)


def _range_words(first: int, last: int) -> str:
    if first == last:
        return f"missing: seq {first}, 1 event"
    return f"missing: seq {first} to {last}, {last - first + 1:,} events"
