"""Rows of an import become bulk segments, which reach the spool all at once."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_store.engines.registry import open_store
from ingest.rows import REPEATED
from ingest.spool import folder
from ingest.spool.segment_reader import BYTES

SEGMENT_BYTES = 64 << 20


class BulkSegments:
    """Bulk segments that are not in the spool yet; one of `most_rows` rows costs the fold least."""

    def __init__(self, store: Path, announce: Callable[[str], object] | None = None) -> None:
        """`announce` is given the stem of each segment before its file is created."""
        self._store, self._announce = store, announce
        self.most_rows = open_store(store).batch_rows
        self._parts: list[Path] = []

    def write(self, rows: pa.Table) -> None:
        """Write rows (ROW_SCHEMA), sorted by time, as one more segment. Raises SpoolFull, AuditStoreError."""
        if not rows.num_rows:
            return
        table = _in_time_order(rows).replace_schema_metadata({BYTES: str(rows.nbytes)})
        # A segment lives for seconds: quick to write and read beats small.
        part = folder.write_part(
            self._store,
            f"-{rows.num_rows}.parquet",
            lambda file: pq.write_table(
                table,
                file,
                compression="lz4",
                use_dictionary=REPEATED,  # type: ignore[arg-type]  # its stub knows bool alone
                write_statistics=False,
                write_page_checksum=True,
            ),
            self._announce,
        )
        self._parts.append(part)

    @property
    def stems(self) -> list[str]:
        """The stems of their file names, before and after they are published."""
        return [part.with_suffix("").stem for part in self._parts]

    def publish(self) -> list[Path]:
        """Move all of them into the spool; gives their paths. Raises AuditStoreError."""
        return folder.publish(self._parts)

    def discard(self) -> None:
        """Delete all of them instead."""
        for part in self._parts:
            part.unlink(missing_ok=True)
        self._parts.clear()


def in_pieces(tables: Iterable[pa.Table], most_rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of the size of a segment: `most_rows`, or about SEGMENT_BYTES."""
    gathered: list[pa.Table] = []
    for table in tables:
        rows = pa.concat_tables([*gathered, table])
        while rows.num_rows >= most_rows or rows.nbytes >= SEGMENT_BYTES:
            yield rows.slice(0, most_rows)
            rows = rows.slice(most_rows)
        gathered = [rows]
    yield from gathered


def _in_time_order(rows: pa.Table) -> pa.Table:
    """The rows by time; those of the same time stay in the order of their lines."""
    times = rows["occurred_at"]
    if pc.all(pc.greater_equal(times[1:], times[:-1])).as_py() is not False:
        return rows
    return rows.sort_by([("occurred_at", "ascending"), ("line", "ascending")])
