"""Segments of the spool become rows that a fold can take, outside the store's turn."""

import re
import time
from bisect import bisect_right
from codecs import BOM_UTF8
from dataclasses import dataclass
from io import BytesIO
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from audit_store.engines.duckdb.store import scratch
from audit_store.event import UUID_PATTERN
from ingest import formats
from ingest.importing import arrow_columns
from ingest.importing.record_reader import ROW_SCHEMA, ReadOptions, Reject, read
from ingest.rejects import Rejected

# What a bulk segment says of itself: the bytes of its rows in memory.
BYTES = b"bytes"
# Seconds. A writer whose segment was taken over may be in the middle of a line.
_WHOLE_LINE_WAITS = (0.001, 0.01, 0.05, 0.0)
_APPENDED = re.compile(UUID_PATTERN + r"-\d+")
_BATCH = re.compile(UUID_PATTERN + r"-\d+-batch")


@dataclass(frozen=True, slots=True)
class Staged:
    """What some segments hold.

    `rows` has ROW_SCHEMA and a column `segment`, the stem of the file a row came from; `rejected` lists by
    stem what could not become a row.
    """

    rows: pa.Table
    rejected: dict[str, list[Rejected]]


def size_in_memory(segment: Path) -> int:
    """About how many bytes a segment takes as rows: well packed, a small file may hold a lot of them."""
    packed = segment.stat().st_size
    if segment.suffix != ".parquet":
        return 2 * packed
    try:
        return int((pq.read_metadata(segment).metadata or {})[BYTES])
    except (pa.ArrowException, OSError, ValueError, KeyError):
        return packed


def stage(segments: list[Path]) -> Staged:
    """Read segments, of text or bulk ones. A batch with something wrong in it gives no rows at all."""
    texts = [segment for segment in segments if segment.suffix == ".ndjson"]
    parts = [_bulk_rows(segment) for segment in segments if segment.suffix == ".parquet"]
    parts += [_text_rows(texts)] if texts else []
    rejected = {stem: found for part in parts for stem, found in part.rejected.items()}
    return Staged(pa.concat_tables([part.rows for part in parts]), rejected)


def _bulk_rows(segment: Path) -> Staged:
    try:
        with pq.ParquetFile(segment) as file:
            table = _with_ids(file.read()).cast(ROW_SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as error:
        whole = Rejected(segment.name, 1, f"file: it is no bulk segment of this program ({error})", "")
        return Staged(_of(ROW_SCHEMA.empty_table(), segment), {segment.stem: [whole]})
    return Staged(_of(table, segment), {})


def _with_ids(table: pa.Table) -> pa.Table:
    """The same with ids as bytes: segments that waited through an update may hold them as text."""
    place = table.schema.get_field_index("event_id")
    if place < 0 or table.schema.field(place).type != pa.string():
        return table
    return table.set_column(place, "event_id", arrow_columns.uuids(table["event_id"]))


def _of(rows: pa.Table, segment: Path) -> pa.Table:
    return rows.append_column("segment", pa.repeat(arrow_columns.texts([segment.stem])[0], rows.num_rows))


def _text_rows(segments: list[Path]) -> Staged:
    """All text segments, read in one go, because each reading has a price."""
    contents = [_content(segment) for segment in segments]
    contents = [content.removeprefix(BOM_UTF8) for content in contents]
    contents = [content if content.endswith(b"\n") else content + b"\n" for content in contents]
    first_lines = [0, *accumulate(content.count(b"\n") for content in contents)]
    tables = []
    rejected: dict[str, list[Rejected]] = {}
    with scratch() as connection:
        chunks = read(
            BytesIO(b"".join(contents)), formats.load("spool"), ReadOptions(keys="fresh"), connection
        )
        for chunk in chunks:
            tables.append(chunk.rows)
            for one in chunk.rejects:
                place = bisect_right(first_lines, one.line - 1) - 1
                named = _named(one, segments[place], first_lines[place])
                rejected.setdefault(segments[place].stem, []).append(named)
    rows = pa.concat_tables(tables) if tables else ROW_SCHEMA.empty_table()
    places = np.searchsorted(first_lines, arrow_columns.numbers(rows["line"]) - 1, side="right") - 1
    stems = arrow_columns.texts([segment.stem for segment in segments])
    rows = rows.append_column("segment", stems.take(arrow_columns.integers(places)))
    return Staged(_without_broken_batches(rows, rejected), rejected)


def _content(segment: Path) -> bytes:
    for pause in _WHOLE_LINE_WAITS:
        content = segment.read_bytes()
        if _APPENDED.fullmatch(segment.stem):
            content = content.rstrip(b"\0")  # the room that its writer kept ready
        if content.endswith(b"\n"):
            break
        time.sleep(pause)
    return content


def _named(reject: Reject, segment: Path, lines_before: int) -> Rejected:
    return Rejected(segment.name, reject.line - lines_before, reject.reason, reject.raw)


def _without_broken_batches(rows: pa.Table, rejected: dict[str, list[Rejected]]) -> pa.Table:
    broken = [stem for stem in rejected if _BATCH.fullmatch(stem)]
    if not broken:
        return rows
    return rows.filter(pc.invert(pc.is_in(rows["segment"], pa.array(broken))))
