"""One fold's transaction: rows become events, each key once, and their segments are noted as folded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from audit_store import local_time
from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.rollups import upkeep
from audit_store.engines.duckdb.schema import ROW_GROUP
from audit_store.engines.duckdb.writing import fold_sql
from audit_store.engines.fold_results import Conflict, FoldCounts
from audit_store.engines.protocol import Query

if TYPE_CHECKING:
    import pyarrow as pa


class FoldTransaction:
    """A FoldTransaction of audit_store/engines/protocol.py on an open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def folded(self, segments: Sequence[str]) -> dict[str, bool]:
        """Those of the segments that an earlier fold stored; True for one that was set aside."""
        return dict(self._rows(fold_sql.folded_segments(segments)))

    def insert(
        self, rows: "pa.Table", rejected: Mapping[str, int], present: Sequence[str]
    ) -> tuple[FoldCounts, list[Conflict]]:
        """Store the rows whose key is not in the store yet, and note their segments as folded.

        `rejected` maps every segment of this fold to the number of its records that could not become rows;
        `present` names every segment that is in the spool.
        """
        recorded_at = local_time.now()
        self._register(rows)
        coverages = upkeep.coverages(self._connection)
        self._connection.execute("BEGIN")
        for statement in (fold_sql.take_rows(), fold_sql.find_stored_keys()):
            self._run(statement)
        if _may_repeat(rows["event_id"]):
            self._run(fold_sql.find_repeated_keys())
        [(refused,)] = self._rows(fold_sql.refused_rows())
        self._run(fold_sql.insert_events(recorded_at) if refused else fold_sql.insert_all(recorded_at))
        [(stored,)] = self._rows(fold_sql.stored_events())
        upkeep.extend(self._connection, coverages, stored)
        counts = self._note(rejected, recorded_at)
        self._run(fold_sql.forget_segments(present, recorded_at))
        return counts, [Conflict(*row) for row in self._rows(fold_sql.conflicts())]

    def commit(self) -> None:
        """Commit, and write everything into the store's own file."""
        self._connection.execute("COMMIT")
        self._connection.checkpoint()

    def _register(self, rows: "pa.Table") -> None:
        import numpy as np
        import pyarrow as pa

        positions = np.arange(rows.num_rows)
        # `pa.array` of NumPy's numbers would import pandas.
        column = pa.Int64Array.from_buffers(pa.int64(), len(positions), [None, pa.py_buffer(positions.data)])
        numbered = rows.append_column("position", column)
        # DuckDB's threads write batches of this size as they are, and would first put smaller ones together.
        batches = numbered.to_batches(ROW_GROUP)
        self._connection.register("waiting", pa.Table.from_batches(batches, numbered.schema))

    def _note(self, rejected: Mapping[str, int], recorded_at: datetime) -> FoldCounts:
        outcomes = {segment: FoldCounts(*counts) for segment, *counts in self._rows(fold_sql.outcomes())}
        by_segment = {
            segment: outcomes.get(segment, FoldCounts()) + FoldCounts(rejected=rejects, segments=1)
            for segment, rejects in rejected.items()
        }
        if by_segment:
            self._run(fold_sql.note_segments(by_segment, recorded_at))
        return sum(by_segment.values(), FoldCounts())

    def _run(self, statement: Query) -> None:
        self._connection.execute(statement.sql, statement.params)

    def _rows(self, statement: Query) -> list[tuple[Any, ...]]:
        return rows_of(self._connection, statement)


def _may_repeat(ids: Any) -> bool:
    """Whether some UUIDs have the same last half: to sort numbers is several times as fast as to group UUIDs."""
    import numpy as np

    halves = [
        np.frombuffer(chunk.storage.buffers()[1] or b"", np.uint64)[2 * chunk.offset + 1 :: 2][: len(chunk)]
        for chunk in ids.chunks
    ]
    last = np.sort(np.concatenate([np.empty(0, np.uint64), *halves]))
    return bool((last[1:] == last[:-1]).any())
