"""Any input file → chunks of rows for the store, and the records that cannot become a row."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.store import scratch
from ingest.formats import Format
from ingest.importing import arrow_columns, key_sql
from ingest.importing.duplicate_counter import Ordinals
from ingest.importing.frame_stager import FrameStager, StagedFrame, in_batches, run
from ingest.importing.mapping import ReadOptions
from ingest.importing.prefetch import map_in_threads
from ingest.importing.sources import frames
from ingest.importing.sources.byte_source import Content
from ingest.importing.sources.frames import Frame, Reject
from ingest.importing.years import with_years
from ingest.rows import NO_ROWS, ROW_SCHEMA

__all__ = ["Chunk", "ReadOptions", "Reject", "read"]

# Statements have parts that one thread does, such as planning and handing over the result.
_STATEMENTS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file.

    `rows` has ROW_SCHEMA. `read` counts the events of this part, the rejects among them; `skipped` the records that are
    no events by the rules of the format, by reason; `bytes_done` the bytes of the file up to its end.
    `unseen` names the mapped fields (ReadOptions.map) whose key no record has had up to here. `is_damage`: its reject
    is the rest of a file that is damaged.
    """

    rows: pa.Table
    rejects: list[Reject]
    read: int
    bytes_done: int
    unseen: frozenset[str] = frozenset()
    skipped: Mapping[str, int] = field(default_factory=dict)
    is_damage: bool = False


def read(
    source: Content | Path | BinaryIO, fmt: Format, options: ReadOptions, *, in_threads: bool = True
) -> Generator[Chunk, None, None]:
    """The events of a file, plain or gzip, in chunks of at most 250,000.

    What cannot become an event is a reject and does not stop the reading. Raises InvalidFormat where the file as a
    whole does not fit, or the options make no sense. Close the generator unless it is read to its end. While Python
    exits, no thread can be started any more.
    """
    content = source if isinstance(source, Content) else Content(source)
    with scratch() as connection, closing(content):
        stager = FrameStager(fmt, options, connection)
        keys = _Keys(connection)
        in_order = _frames(fmt, content)
        lines = fmt.lines if fmt.join is None else None
        if lines is not None and options.year is not None and "time" in lines.groups:
            in_order = with_years(in_order, lines, options.year, connection)
        parts = ((frame, content.done, datetime.now(UTC)) for frame in in_order)
        last_line = 0
        with closing(_staged(stager, parts, in_threads=in_threads)) as staged:
            for part in staged:
                last_line = max(last_line, part.last_line)
                rows = keys.distinct(part.rows)
                unseen = frozenset(stager.unseen)
                yield Chunk(rows, part.rejects, part.read, part.bytes_done, unseen, part.skipped)
        if content.damage:
            reject = Reject(last_line + 1, f"file: {content.damage}", "")
            yield Chunk(NO_ROWS, [reject], 1, content.done, is_damage=True)


def _frames(fmt: Format, content: Content) -> Iterator[Frame]:
    source = _source_frames(fmt, content)
    if fmt.join is None:
        return source
    from ingest.importing.joining import joined

    return joined(source, fmt, fmt.join)


def _source_frames(fmt: Format, content: Content) -> Iterator[Frame]:
    # Each import needs one of these modules at most.
    if fmt.kind == "parquet":
        from ingest.importing.sources import parquet_rows

        return parquet_rows.parquet_rows(content.seekable())
    if fmt.kind == "json-records":
        from ingest.importing.sources import json_documents

        return json_documents.json_records(content, fmt.records, fmt.envelopes)
    if fmt.kind in ("csv", "csv-export"):
        from ingest.importing.sources import tables

        pieces = frames.blocks(content, frames.FRAME_BYTES)
        return (
            tables.exported_rows(pieces) if fmt.kind == "csv-export" else tables.csv_rows(pieces, fmt.columns)
        )
    if fmt.lines is not None and fmt.lines.continuation:
        return frames.text_lines(frames.blocks(content), fmt.lines.continuation.encode())
    return frames.text_lines(frames.blocks(content))


def _staged(
    stager: FrameStager, parts: Iterator[tuple[Frame, int, datetime]], *, in_threads: bool
) -> Generator[StagedFrame, None, None]:
    if in_threads:
        return map_in_threads(stager.stage, parts, _STATEMENTS_AT_ONCE)
    return (stager.stage(part) for part in parts)


class _Keys:
    """Gives each row of a file an `event_id` of its own, where that is derived from the record."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ordinals = Ordinals()

    def distinct(self, rows: pa.Table) -> pa.Table:
        """The rows with ROW_SCHEMA: identical records are counted through the file, so they must come in order."""
        positions = arrow_columns.integers(np.arange(len(rows)))
        derived = rows.select(["event_id"]).append_column("position", positions).filter(rows["of_content"])
        if derived.num_rows:
            ordinals = self._ordinals.of(derived["event_id"])
            if ordinals.any():
                derived = derived.append_column("ordinal", arrow_columns.integers(ordinals))
                rows = self._replaced(rows, derived.take(arrow_columns.integers(np.flatnonzero(ordinals))))
        return rows.select(ROW_SCHEMA.names).cast(ROW_SCHEMA)

    def _replaced(self, rows: pa.Table, repeated: pa.Table) -> pa.Table:
        """The rows, with other keys for those in `repeated` (position, event_id, ordinal)."""
        self._connection.register("repeated", in_batches(repeated))
        new = run(self._connection, key_sql.repeated_keys())["event_id"].cast(pa.binary(16))
        self._connection.unregister("repeated")
        positions = arrow_columns.integers(np.arange(len(rows)))
        mask = pc.is_in(positions, repeated["position"])
        keys = pc.replace_with_mask(rows["event_id"].combine_chunks(), mask, new.combine_chunks())
        return rows.set_column(rows.schema.get_field_index("event_id"), "event_id", keys)
