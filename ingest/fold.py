"""Segments of the spool become rows of the DuckDB file, exactly once.

A segment is noted in the same transaction that stores its events, and its file goes only after the commit
and a checkpoint: whatever is killed in between, the next fold sees what was done and finishes it.
"""

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit_store.engines.duckdb import fold_sql, rw_lock
from audit_store.engines.duckdb.queries import Query
from audit_store.engines.duckdb.schema import ROW_GROUP
from audit_store.engines.duckdb.store import WRITE_WAIT, Connection, Store
from audit_store.store_files import events_in
from ingest.importing import arrow_columns
from ingest.importing.prefetch import ahead
from ingest.rejects import Rejected, rejects_path, write_rejects
from ingest.spool import writer
from ingest.spool.segment_reader import Staged, size_in_memory, stage

# Well under a second of work, for which readers wait.
BATCH_BYTES = 160 << 20
BATCH_ROWS = 6 * ROW_GROUP


@dataclass(frozen=True, slots=True)
class FoldReport:
    """What became of the events of some segments; counts of events, and of segments."""

    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    segments: int = 0

    @property
    def events(self) -> int:
        """How many events were looked at."""
        return self.stored + self.duplicates + self.conflicts

    def __add__(self, other: "FoldReport") -> "FoldReport":
        return FoldReport(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def fold(
    store: Path, wait: float = WRITE_WAIT, after_batch: Callable[[FoldReport], object] | None = None
) -> FoldReport:
    """Move what waits in the spool into the DuckDB file; returns what this call did.

    `wait` is how many seconds to wait for the file each time. Raises StoreBusy when somebody else keeps it;
    what was not folded stays in the spool. `after_batch` is given what each batch did, for a progress bar.
    Safe to call from any number of processes.
    """
    report = FoldReport()
    with _alone(store, wait):
        writer.remove_stale_parts(store)
        ready = writer.ready_segments(store)
        present = [segment.stem for segment in ready]
        batches = list(_batches(ready))
        staged = map(stage, batches)
        # Without a second thread where one will do: Python can start none while it exits.
        for segments, batch in zip(batches, ahead(staged) if len(batches) > 1 else staged, strict=True):
            done = _fold_batch(store, segments, batch, present, wait)
            report += done
            if after_batch is not None:
                after_batch(done)
    return report


def results(store: Path, segments: list[Path]) -> FoldReport:
    """What became of these segments, whoever folded them; `segments` counts those that are folded.

    Known for an hour after the fold.
    """
    with Store(store).read() as reader:
        return FoldReport(*reader.one(fold_sql.segment_results([segment.stem for segment in segments])))


@contextlib.contextmanager
def _alone(store: Path, wait: float) -> Iterator[None]:
    folder = writer.make_folder(store)
    with rw_lock.locked(folder / "folding", fcntl.LOCK_EX, time.monotonic() + wait):
        yield


def _batches(segments: list[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = rows = 0
    for segment in segments:
        bytes_more, rows_more = size_in_memory(segment), events_in(segment)
        if batch and (size + bytes_more > BATCH_BYTES or rows + rows_more > BATCH_ROWS):
            yield batch
            batch, size, rows = [], 0, 0
        batch.append(segment)
        size, rows = size + bytes_more, rows + rows_more
    if batch:
        yield batch


def _fold_batch(
    store: Path, segments: list[Path], batch: Staged, present: list[str], wait: float
) -> FoldReport:
    with Store(store).write(wait) as connection:
        known = dict(
            connection.execute(*_statement(fold_sql.known_segments([s.stem for s in segments]))).fetchall()
        )
        fresh = [segment for segment in segments if segment.stem not in known]
        refused = [one for segment in fresh for one in batch.rejected.get(segment.stem, ())]
        report, conflicts = _insert(connection, batch, fresh, segments, present)
        # Before the commit: what is listed twice after a kill is better than what is not listed.
        write_rejects(rejects_path(store), [*refused, *conflicts])
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT")
    aside = {name for name, kept in known.items() if kept} | set(batch.rejected)
    for segment in segments:
        if segment.stem in aside:
            writer.set_aside(segment)
    writer.remove(segment for segment in segments if segment.stem not in aside)
    return report


def _insert(
    connection: Connection, batch: Staged, fresh: list[Path], segments: list[Path], present: list[str]
) -> tuple[FoldReport, list[Rejected]]:
    names = [segment.stem for segment in fresh]
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = batch.rows
    if len(fresh) < len(segments):
        rows = rows.filter(pc.is_in(rows["segment"], pa.array(names, pa.string())))
    rows = rows.append_column("place", arrow_columns.integers(np.arange(rows.num_rows)))
    # Each of DuckDB's threads writes batches of this size as they are; smaller ones it would put together first.
    connection.register("waiting", pa.Table.from_batches(rows.to_batches(ROW_GROUP), rows.schema))
    connection.execute("BEGIN")
    for step in (fold_sql.take_rows(), fold_sql.find_seen(), fold_sql.find_repeated()):
        connection.execute(*_statement(step))
    (refused,) = connection.execute(fold_sql.refused_rows().sql).fetchall()[0]
    connection.execute(*_statement(fold_sql.insert_events(now) if refused else fold_sql.insert_all(now)))
    found = {name: counts for name, *counts in connection.execute(fold_sql.outcomes().sql).fetchall()}
    reports = {name: _report(found.get(name, (0, 0, 0)), len(batch.rejected.get(name, ()))) for name in names}
    if reports:
        notes = [
            (name, name in batch.rejected, one.stored, one.duplicates, one.conflicts, one.rejected)
            for name, one in reports.items()
        ]
        connection.execute(*_statement(fold_sql.remember_segments(notes, now)))
    connection.execute(*_statement(fold_sql.forget_segments(present, now)))
    conflicts = [
        Rejected(segment, line, f"event_id {key} came with another body" + _first(seq), body)
        for segment, line, seq, key, body in connection.execute(fold_sql.conflicts().sql).fetchall()
    ]
    return sum(reports.values(), FoldReport()), conflicts


def _report(counts: Sequence[int], rejected: int) -> FoldReport:
    stored, duplicates, conflicts = counts
    return FoldReport(stored, duplicates, conflicts, rejected, segments=1)


def _first(seq: int | None) -> str:
    return " in the same fold; the first stays" if seq is None else f"; the first, seq {seq}, stays"


def _statement(query: Query) -> tuple[str, dict[str, object]]:
    return query.sql, query.params
