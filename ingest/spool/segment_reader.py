"""Segments of the spool become rows that a fold can take, before it opens the store."""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from audit_store.errors import InvalidSetting, reason
from audit_store.store_files import bulk_rows
from ingest import formats
from ingest.formats.detection import GZIP_MAGIC
from ingest.importing import arrow_columns
from ingest.importing.record_reader import ReadOptions, Reject, read
from ingest.rejects import Rejected
from ingest.rows import CODED_SCHEMA, NO_ROWS, REPEATED
from ingest.spool import row_rules
from ingest.spool.appended_lines import appended_rows
from ingest.spool.intake import open_segment
from ingest.spool.segment_lines import (
    COMPRESSED,
    SegmentLines,
    Statuses,
    content_of,
    has_checksums,
    lines_of,
)
from ingest.spool.segment_names import is_renamed
from ingest.spool.staged import Staged, joined, judged, of_lines, of_segment, refused, without_broken_batches

BYTES = b"bytes"
"""The key in the metadata of a bulk segment under which it gives the bytes of its rows in memory."""
LARGE = 16 << 20
"""Bytes of a file of another program above which it is read by itself, piece by piece."""


def size_in_memory(segment: Path) -> int:
    """About how many bytes the rows of a segment take: a small file may be well compressed."""
    size = segment.stat().st_size
    if segment.suffix != ".parquet":
        return 2 * size
    try:
        with open_segment(segment) as file:
            return int((pq.read_metadata(file).metadata or {})[BYTES])
    except (pa.ArrowException, OSError, ValueError, KeyError):
        return size


def stage(segments: list[Path]) -> Staged:
    """Read segments, of text and bulk ones. A batch with anything rejected in it gives no rows at all.

    Whatever one of them raises, the others are read: it alone is rejected whole, or left where its disk fails.
    """
    statuses: Statuses = {}
    try:
        return replace(_staged(segments, statuses), statuses=statuses)
    except Exception as error:
        if len(segments) > 1:
            return joined([stage([segment]) for segment in segments])
        return replace(_unusable(segments[0], error), statuses=statuses)


def _staged(segments: list[Path], statuses: Statuses) -> Staged:
    large = [segment for segment in segments if is_renamed(segment.name) and segment.stat().st_size > LARGE]
    texts = [
        lines_of(segment, statuses)
        for segment in segments
        if segment.suffix == ".ndjson" and segment not in large
    ]
    own = [lines for lines in texts if has_checksums(lines.segment)]
    others = [lines for lines in texts if not has_checksums(lines.segment)]
    parts = [_bulk_rows(segment, statuses) for segment in segments if segment.suffix == ".parquet"]
    parts += [_own_rows(own)] if own else []
    parts += [_checked_rows(others)] if others else []
    parts += [_large_rows(segment, statuses) for segment in large]
    return without_broken_batches(joined(parts))


def _unusable(segment: Path, error: Exception) -> Staged:
    if isinstance(error, OSError | MemoryError | InvalidSetting):  # what the next fold may not meet
        left = {} if isinstance(error, FileNotFoundError) else {segment: _reason_now(error)}
        return Staged([], of_segment(segment, NO_ROWS).rows, left=left)
    logging.getLogger(__name__).warning("%s is rejected", segment, exc_info=error)
    return refused(segment, f"it cannot be read ({error})")


def _reason_now(error: Exception) -> str:
    return "there is not enough memory to read it" if isinstance(error, MemoryError) else reason(error)


def _bulk_rows(segment: Path, statuses: Statuses) -> Staged:
    content = content_of(segment, statuses)
    try:
        with pq.ParquetFile(
            pa.BufferReader(content), page_checksum_verification=True, read_dictionary=REPEATED
        ) as file:
            is_imported = BYTES in (file.metadata.metadata or {})
            table = _with_ids(file.read()).cast(CODED_SCHEMA)
        row_rules.check_form(table, bulk_rows(segment.name))
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        return refused(segment, f"not a bulk segment of this program ({error})")
    # The metadata of an import was parsed by the import.
    return judged(of_segment(segment, table), metadata=not is_imported)


def _with_ids(table: pa.Table) -> pa.Table:
    """The table with ids as bytes: a segment of an earlier version may hold them as text."""
    index = table.schema.get_field_index("event_id")
    if index < 0 or table.schema.field(index).type != pa.string():
        return table
    return table.set_column(index, "event_id", arrow_columns.uuids(table["event_id"]))


def _own_rows(segments: Sequence[SegmentLines]) -> Staged:
    """The rows of segments that this program wrote: of all at once, or of each where that fails."""
    text = b"".join(lines.text for lines in segments)
    try:
        rows = appended_rows(text) if text else NO_ROWS
    except ValueError:
        if len(segments) > 1:
            return joined([_own_rows([lines]) for lines in segments])
        return _checked_rows(segments)
    return judged(of_lines(segments, rows), metadata=False)


def _checked_rows(segments: Sequence[SegmentLines]) -> Staged:
    """The rows of segments whose lines may be anything, read in one go because each reading has a price."""
    # An empty line at the beginning: what the first file begins with says nothing of the others, such as an encoding.
    content = BytesIO(b"\n" + b"".join(lines.text for lines in segments))
    rows, rejects = _read(content)
    return of_lines(segments, rows, rejects, lines_before=1)


def _large_rows(segment: Path, statuses: Statuses) -> Staged:
    """The rows of a large file of another program, whose text is never in memory as a whole."""
    with open_segment(segment) as file:
        statuses[segment.stem] = os.fstat(file.fileno())
        if os.pread(file.fileno(), len(GZIP_MAGIC), 0) == GZIP_MAGIC:
            return refused(segment, COMPRESSED)
        rows, rejects = _read(file)
    listed = [Rejected(segment.name, *reject) for reject in rejects]
    return replace(of_segment(segment, rows), rejected={segment.stem: listed} if listed else {})


def _read(source: BinaryIO) -> tuple[pa.Table, list[Reject]]:
    chunks = list(read(source, formats.load("spool"), ReadOptions(keys="fresh", now=True), in_threads=False))
    rows = pa.concat_tables([NO_ROWS, *(chunk.rows for chunk in chunks)])
    return rows, [reject for chunk in chunks for reject in chunk.rejects]
