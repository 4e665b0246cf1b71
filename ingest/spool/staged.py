"""What segments hold on the way into the store: rows, and what cannot become one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.importing import arrow_columns
from ingest.importing.sources.frames import Reject
from ingest.rejects import Rejected
from ingest.rows import NO_ROWS, ROW_SCHEMA, plain
from ingest.spool import row_rules
from ingest.spool.segment_lines import SegmentLines, Statuses
from ingest.spool.segment_names import is_batch


@dataclass(frozen=True, slots=True)
class Staged:
    """What some segments hold.

    `rows` has ROW_SCHEMA or CODED_SCHEMA, and a column `segment`, the stem of the file of a row; `rejected` lists by
    stem what could not become a row. `left` gives the reason for each further segment that could not be read now.
    `statuses` has by stem the owner and the mode that a file had when it was read.
    """

    segments: list[Path]
    rows: pa.Table
    rejected: dict[str, list[Rejected]] = field(default_factory=dict)
    left: dict[Path, str] = field(default_factory=dict)
    statuses: Statuses = field(default_factory=dict)

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


def joined(parts: Sequence[Staged]) -> Staged:
    """What the segments of all parts hold."""
    rejected = {stem: rejects for part in parts for stem, rejects in part.rejected.items()}
    left = {segment: reason for part in parts for segment, reason in part.left.items()}
    statuses = {stem: status for part in parts for stem, status in part.statuses.items()}
    segments = [segment for part in parts for segment in part.segments]
    return Staged(segments, _concatenated([part.rows for part in parts]), rejected, left, statuses)


def _concatenated(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of all tables; their columns are coded (CODED_SCHEMA) where those of all tables are."""
    if len({table.schema for table in tables}) > 1:
        tables = [plain(table) for table in tables]
    return pa.concat_tables(tables)


def of_segment(segment: Path, rows: pa.Table) -> Staged:
    """What one segment holds; `rows` has ROW_SCHEMA or CODED_SCHEMA."""
    return Staged([segment], _owned(rows, [segment], np.zeros(rows.num_rows, np.int64)))


def of_lines(
    segments: Sequence[SegmentLines], rows: pa.Table, rejects: Iterable[Reject] = (), *, lines_before: int = 0
) -> Staged:
    """What segments of text hold.

    The lines of `rows` (ROW_SCHEMA) and `rejects` count through all segments, and through `lines_before` them.
    """
    numbers = np.concatenate([lines.numbers for lines in segments])
    owners = np.repeat(np.arange(len(segments)), [len(lines.numbers) for lines in segments])
    rejected = {lines.segment.stem: list(lines.rejects) for lines in segments if lines.rejects}
    listed = list(rejects)
    places = np.array([reject.line for reject in listed], np.int64) - 1 - lines_before
    for reject, owner, number in zip(listed, owners[places].tolist(), numbers[places].tolist(), strict=True):
        segment = segments[owner].segment
        named = Rejected(segment.name, number, reject.reason, reject.raw)
        rejected.setdefault(segment.stem, []).append(named)
    indices = arrow_columns.numbers(rows["line"]) - 1 - lines_before
    paths = [lines.segment for lines in segments]
    placed = rows.set_column(
        rows.schema.get_field_index("line"),
        ROW_SCHEMA.field("line"),
        arrow_columns.integers(numbers[indices]),
    )
    return Staged(paths, _owned(placed, paths, owners[indices]), rejected)


def refused(segment: Path, reason: str) -> Staged:
    """What a segment gives that is rejected whole."""
    whole = Rejected(segment.name, 1, f"file: {reason}", "")
    return replace(of_segment(segment, NO_ROWS), rejected={segment.stem: [whole]})


def judged(staged: Staged, *, metadata: bool) -> Staged:
    """The same with the rows alone that are valid events; with `metadata`, that of each row is parsed."""
    reasons = row_rules.refused(staged.rows, metadata=metadata)
    if not reasons:
        return staged
    names = {segment.stem: segment.name for segment in staged.segments}
    rejected = {stem: list(rejects) for stem, rejects in staged.rejected.items()}
    for position, reason in sorted(reasons.items()):
        row = staged.rows.slice(position, 1)
        stem, line = str(row["segment"][0]), int(arrow_columns.numbers(row["line"])[0])
        named = Rejected(names[stem], line, reason, row_rules.as_text(row))
        rejected.setdefault(stem, []).append(named)
    kept = np.setdiff1d(np.arange(staged.rows.num_rows), np.array(list(reasons), np.int64))
    return replace(staged, rows=staged.rows.take(arrow_columns.integers(kept)), rejected=rejected)


def without_broken_batches(staged: Staged) -> Staged:
    """The same without the rows of batches of which anything is rejected."""
    broken = [rejects[0].file for rejects in staged.rejected.values()]
    stems = [Path(name).stem for name in broken if is_batch(name)]
    if not stems:
        return staged
    rows = staged.rows.filter(pc.invert(pc.is_in(staged.rows["segment"], pa.array(stems))))
    return replace(staged, rows=rows)


def _owned(rows: pa.Table, segments: Sequence[Path], owners: npt.NDArray[np.int64]) -> pa.Table:
    """The rows with the stem of the segment of each, whose index is in `owners`."""
    # A dictionary: stems are longer than what most events say.
    stems = arrow_columns.texts([segment.stem for segment in segments])
    return rows.append_column(
        "segment", pa.DictionaryArray.from_arrays(arrow_columns.integers(owners), stems)
    )
