"""Rows of an import become bulk segments, which reach the spool all at once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_store.engines.duckdb.schema import ROW_GROUP
from ingest.spool import writer
from ingest.spool.segment_reader import BYTES

SEGMENT_ROWS = ROW_GROUP
SEGMENT_BYTES = 64 << 20
# Columns with few distinct values: written once each, they are read twice as fast.
_DICTIONARY = ["agent", "activity", "outcome", "source_ip", "target", "source"]


class BulkSegments:
    """Bulk segments that are not in the spool yet."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._parts: list[Path] = []

    def write(self, rows: pa.Table) -> None:
        """Write rows (ROW_SCHEMA), sorted by time, as one more segment. Raises SpoolFull, AuditStoreError."""
        if not rows.num_rows:
            return
        table = _in_time_order(rows).replace_schema_metadata({BYTES: str(rows.nbytes)})
        # A segment lives for seconds: quick to write and read beats small.
        part = writer.write_part(
            self._store,
            f"-{rows.num_rows}.parquet",
            lambda file: pq.write_table(
                table,
                file,
                compression="lz4",
                use_dictionary=_DICTIONARY,  # type: ignore[arg-type]  # its stub knows bool alone
                write_statistics=False,
            ),
        )
        self._parts.append(part)

    def publish(self) -> list[Path]:
        """Move all of them into the spool; gives their paths. Raises AuditStoreError."""
        return writer.publish(self._parts)

    def discard(self) -> None:
        """Delete all of them instead."""
        for part in self._parts:
            part.unlink(missing_ok=True)


def in_pieces(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of the size of a segment."""
    gathered: list[pa.Table] = []
    for table in tables:
        rows = pa.concat_tables([*gathered, table])
        while rows.num_rows >= SEGMENT_ROWS or rows.nbytes >= SEGMENT_BYTES:
            yield rows.slice(0, SEGMENT_ROWS)
            rows = rows.slice(SEGMENT_ROWS)
        gathered = [rows]
    yield from gathered


def _in_time_order(rows: pa.Table) -> pa.Table:
    """The rows by time; those of the same time stay in the order of their lines."""
    times = rows["occurred_at"]
    if pc.all(pc.greater_equal(times[1:], times[:-1])).as_py() is not False:
        return rows
    return rows.sort_by([("occurred_at", "ascending"), ("line", "ascending")])
