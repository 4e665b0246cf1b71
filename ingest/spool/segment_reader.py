"""Segments of the spool become rows that a fold can take, before it opens the store."""

import logging
import os
import time
from bisect import bisect_left
from codecs import BOM_UTF8
from dataclasses import dataclass, field, replace
from io import BytesIO
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_store.store_files import bulk_rows
from ingest import formats
from ingest.importing import arrow_columns
from ingest.importing.record_reader import ReadOptions, Reject, read
from ingest.rejects import Rejected
from ingest.rows import NO_ROWS, ROW_SCHEMA
from ingest.spool import row_rules
from ingest.spool.appended_lines import appended_rows
from ingest.spool.intake import open_regular
from ingest.spool.segment_names import is_appended, is_batch, is_own

BYTES = b"bytes"
"""The key in the metadata of a bulk segment under which it gives the bytes of its rows in memory."""
# Seconds. A writer whose segment was taken over may be in the middle of a line.
_WHOLE_LINE_WAITS = (0.001, 0.01, 0.05, 0.0)


@dataclass(frozen=True, slots=True)
class Staged:
    """What some segments hold.

    `rows` has ROW_SCHEMA and a column `segment`, the stem of the file a row came from; `rejected` lists by
    stem what could not become a row. `left` gives the reason for each further segment that could not be read now.
    `statuses` has by stem the owner and the mode that a file had when it was read.
    """

    segments: list[Path]
    rows: pa.Table
    rejected: dict[str, list[Rejected]] = field(default_factory=dict)
    left: dict[Path, str] = field(default_factory=dict)
    statuses: dict[str, os.stat_result] = field(default_factory=dict)

    @property
    def stems(self) -> list[str]:
        """The stems of the segments."""
        return [segment.stem for segment in self.segments]

    def halves(self) -> "list[Staged]":
        """The same in two parts; none where there is only one segment."""
        middle = len(self.segments) // 2
        return [self._of(self.segments[:middle]), self._of(self.segments[middle:])] if middle else []

    def _of(self, segments: list[Path]) -> "Staged":
        stems = [segment.stem for segment in segments]
        rows = self.rows.filter(pc.is_in(self.rows["segment"], pa.array(stems, pa.string())))
        rejected = {stem: self.rejected[stem] for stem in stems if stem in self.rejected}
        return Staged(segments, rows, rejected, statuses=self.statuses)


def size_in_memory(segment: Path) -> int:
    """About how many bytes the rows of a segment take: a small file may be well compressed."""
    size = segment.stat().st_size
    if segment.suffix != ".parquet":
        return 2 * size
    try:
        with open_regular(segment) as file:
            return int((pq.read_metadata(file).metadata or {})[BYTES])
    except (pa.ArrowException, OSError, ValueError, KeyError):
        return size


def stage(segments: list[Path]) -> Staged:
    """Read segments, of text and bulk ones. A batch with anything rejected in it gives no rows at all.

    Whatever one of them raises, the others are read: it alone is rejected whole, or left where its disk fails.
    """
    statuses: dict[str, os.stat_result] = {}
    try:
        return replace(_staged(segments, statuses), statuses=statuses)
    except Exception as error:
        if len(segments) > 1:
            return _joined([stage([segment]) for segment in segments])
        return replace(_unusable(segments[0], error), statuses=statuses)


def _staged(segments: list[Path], statuses: dict[str, os.stat_result]) -> Staged:
    texts = [segment for segment in segments if segment.suffix == ".ndjson"]
    own = {segment: _own_lines(segment, statuses) for segment in texts if is_own(segment.name)}
    foreign = {segment: _foreign_lines(segment, statuses) for segment in texts if segment not in own}
    parts = [_bulk_rows(segment, statuses) for segment in segments if segment.suffix == ".parquet"]
    parts += [_own_rows(own)] if own else []
    parts += [_checked_rows(foreign)] if foreign else []
    return _joined(parts)


def refused(segment: Path, reason: str) -> Staged:
    """What a segment gives that is rejected whole."""
    whole = Rejected(segment.name, 1, f"file: {reason}", "")
    return Staged([segment], _of_segment(NO_ROWS, segment.stem), {segment.stem: [whole]})


def _unusable(segment: Path, error: Exception) -> Staged:
    if isinstance(error, OSError):
        left = {} if isinstance(error, FileNotFoundError) else {segment: str(error.strerror or error)}
        return Staged([], _of_segment(NO_ROWS, segment.stem), left=left)
    logging.getLogger(__name__).warning("%s is rejected", segment, exc_info=error)
    return refused(segment, f"it cannot be read ({error})")


def _joined(parts: list[Staged]) -> Staged:
    rejected = {stem: rejects for part in parts for stem, rejects in part.rejected.items()}
    left = {segment: reason for part in parts for segment, reason in part.left.items()}
    statuses = {stem: status for part in parts for stem, status in part.statuses.items()}
    segments = [segment for part in parts for segment in part.segments]
    return Staged(segments, pa.concat_tables([part.rows for part in parts]), rejected, left, statuses)


def _bulk_rows(segment: Path, statuses: dict[str, os.stat_result]) -> Staged:
    content = _content(segment, statuses)
    try:
        with pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True) as file:
            is_imported = BYTES in (file.metadata.metadata or {})
            table = _with_ids(file.read()).cast(ROW_SCHEMA)
        row_rules.check_form(table, bulk_rows(segment.name))
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        return refused(segment, f"not a bulk segment of this program ({error})")
    return _valid_rows(segment, table, is_imported=is_imported)


def _valid_rows(segment: Path, table: pa.Table, *, is_imported: bool) -> Staged:
    """The rows that are valid events. The metadata of an import was parsed by the import."""
    reasons = row_rules.refused(table, metadata=not is_imported)
    if not reasons:
        return Staged([segment], _of_segment(table, segment.stem))
    rejects = []
    for position, reason in sorted(reasons.items()):
        row = table.slice(position, 1)
        line = int(arrow_columns.numbers(row["line"])[0])
        rejects.append(Rejected(segment.name, line, reason, row_rules.as_text(row)))
    kept = np.setdiff1d(np.arange(table.num_rows), np.array(list(reasons), np.int64))
    rows = table.take(arrow_columns.integers(kept))
    return Staged([segment], _of_segment(rows, segment.stem), {segment.stem: rejects})


def _with_ids(table: pa.Table) -> pa.Table:
    """The table with ids as bytes: a segment of an earlier version may hold them as text."""
    index = table.schema.get_field_index("event_id")
    if index < 0 or table.schema.field(index).type != pa.string():
        return table
    return table.set_column(index, "event_id", arrow_columns.uuids(table["event_id"]))


def _own_rows(lines: dict[Path, bytes]) -> Staged:
    """The rows of segments that this program wrote: of all at once, or of each where that fails."""
    try:
        rows = appended_rows(b"".join(lines.values()))
    except ValueError:
        if len(lines) > 1:
            return _joined([_own_rows({segment: content}) for segment, content in lines.items()])
        return _checked_rows(lines)
    return Staged(list(lines), _by_segment(rows, lines))


def _checked_rows(lines: dict[Path, bytes]) -> Staged:
    """The rows of segments whose lines may be anything, read in one go because each reading has a price."""
    content = BytesIO(b"".join(lines.values()))
    chunks = list(read(content, formats.load("spool"), ReadOptions(keys="fresh")))
    rejected = _rejected([reject for chunk in chunks for reject in chunk.rejects], lines)
    rows = _by_segment(pa.concat_tables([NO_ROWS, *(chunk.rows for chunk in chunks)]), lines)
    return Staged(list(lines), _without_broken_batches(rows, rejected), rejected)


def _by_segment(rows: pa.Table, lines: dict[Path, bytes]) -> pa.Table:
    """Rows of the joined lines of segments, with the column `segment` and with `line` counted in each."""
    firsts = np.array(_lines_before(lines), np.int64)
    numbers = arrow_columns.numbers(rows["line"])
    indices = np.searchsorted(firsts, numbers, side="left") - 1
    stems = arrow_columns.texts([segment.stem for segment in lines])
    rows = rows.set_column(
        rows.schema.get_field_index("line"),
        ROW_SCHEMA.field("line"),
        arrow_columns.integers(numbers - firsts[indices]),
    )
    return rows.append_column("segment", stems.take(arrow_columns.integers(indices)))


def _of_segment(rows: pa.Table, stem: str) -> pa.Table:
    return rows.append_column("segment", pa.repeat(arrow_columns.text(stem), rows.num_rows))


def _rejected(rejects: list[Reject], lines: dict[Path, bytes]) -> dict[str, list[Rejected]]:
    """Rejects of the joined lines of segments by the segment's stem, with lines counted in each."""
    segments, firsts = list(lines), _lines_before(lines)
    rejected: dict[str, list[Rejected]] = {}
    for reject in rejects:
        index = bisect_left(firsts, reject.line) - 1
        named = Rejected(segments[index].name, reject.line - firsts[index], reject.reason, reject.raw)
        rejected.setdefault(segments[index].stem, []).append(named)
    return rejected


def _lines_before(lines: dict[Path, bytes]) -> list[int]:
    """How many lines stand before each segment's in all of them together."""
    counts = [content.count(b"\n") for content in lines.values()]
    return [0, *accumulate(counts[:-1])]


def _own_lines(segment: Path, statuses: dict[str, os.stat_result]) -> bytes:
    """The lines of a segment that this program wrote; a last one that stays unfinished gets a line end."""
    for pause in _WHOLE_LINE_WAITS:
        content = _content(segment, statuses)
        if is_appended(segment.name):
            content = content.rstrip(b"\0")  # the room that its writer kept ready
        if content.endswith(b"\n"):
            break
        time.sleep(pause)
    return _ended(content)


def _foreign_lines(segment: Path, statuses: dict[str, os.stat_result]) -> bytes:
    return _ended(_content(segment, statuses).removeprefix(BOM_UTF8))


def _content(segment: Path, statuses: dict[str, os.stat_result]) -> bytes:
    with open_regular(segment) as file:
        statuses[segment.stem] = os.fstat(file.fileno())
        return file.read()


def _ended(content: bytes) -> bytes:
    return content if content.endswith(b"\n") else content + b"\n"


def _without_broken_batches(rows: pa.Table, rejected: dict[str, list[Rejected]]) -> pa.Table:
    broken = [rejects[0].file for rejects in rejected.values()]
    stems = [Path(name).stem for name in broken if is_batch(name)]
    if not stems:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows["segment"], pa.array(stems))))
