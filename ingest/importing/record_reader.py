"""Any input file → chunks of rows for the store, and what could not become a row."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.store import OutOfMemory
from audit_store.engines.protocol import Query
from audit_store.errors import InvalidEvent, InvalidFormat
from audit_store.event import BODY, content_uuid, fresh_id
from ingest.formats import Format
from ingest.importing import arrow_columns, frames, record_sql, staging_sql, tables
from ingest.importing.byte_source import Content
from ingest.importing.duplicate_counter import Ordinals
from ingest.importing.frames import Frame, Reject, shown
from ingest.importing.mapping import ReadOptions, recipe_of
from ingest.importing.parse import parse_record, record_to_event
from ingest.importing.prefetch import worked
from ingest.rows import NO_ROWS, ROW_SCHEMA

__all__ = ["Chunk", "ReadOptions", "Reject", "read"]

_BYTES = pa.binary(16)
# DuckDB gives and takes an event_id as its 16 bytes, and Arrow can replace only those.
_STAGED_SCHEMA = pa.schema(
    [
        *(pa.field(each.name, _BYTES if each.name == "event_id" else each.type) for each in ROW_SCHEMA),
        pa.field("of_content", pa.bool_()),
    ]
)
_BATCH_ROWS = 16_384
_BATCH_BYTES = 2 << 20
# Statements have parts that one thread does, such as planning and handing over the result.
_STATEMENTS_AT_ONCE = 2
_WHITE = " \t\n\r\f"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a file.

    `rows` has ROW_SCHEMA. `read` counts the records of this part, `bytes_done` the bytes of the file up to its end.
    """

    rows: pa.Table
    rejects: list[Reject]
    read: int
    bytes_done: int


def read(
    source: Path | BinaryIO, fmt: Format, options: ReadOptions, con: Connection
) -> Generator[Chunk, None, None]:
    """The events of a file, plain or gzip, in chunks of at most 250,000.

    `con` is a database in memory, for the work; the iterator must be at its end, or closed, before it is. What
    cannot become an event is a reject and does not stop the reading. Raises InvalidFormat where the file as a
    whole does not fit, or the options make no sense.
    """
    reading = _Reading(fmt, options, con)
    with closing(Content(source)) as content:
        found = ((frame, content.done, datetime.now(UTC)) for frame in _frames(fmt, content))
        # A fold reads from memory, also while Python exits, when no thread can be started any more.
        in_threads = not isinstance(source, BytesIO)
        staged = (
            worked(reading.stage, found, _STATEMENTS_AT_ONCE) if in_threads else map(reading.stage, found)
        )
        for each in staged:
            yield reading.chunk(each)
        if content.damage:
            reject = Reject(
                reading.last_line + 1, f"file: it cannot be unpacked further ({content.damage})", ""
            )
            yield Chunk(NO_ROWS, [reject], 1, content.done)


def _frames(fmt: Format, content: Content) -> Iterator[Frame]:
    if fmt.kind == "parquet":
        return tables.parquet_rows(content.seekable())
    if fmt.kind == "json-records":
        return frames.json_records(content, fmt.records)
    if fmt.kind == "csv":
        return tables.csv_rows(frames.blocks(content, frames.FRAME_BYTES))
    return frames.text_lines(frames.blocks(content))


@dataclass(frozen=True, slots=True)
class _Staged:
    """What one frame holds: rows, of which some may repeat earlier ones, and the rest of a chunk."""

    rows: pa.Table
    rejects: list[Reject]
    read: int
    bytes_done: int
    last_line: int


class _Reading:
    """The frames of one file → chunks, with what has to be remembered from one to the next."""

    def __init__(self, fmt: Format, options: ReadOptions, con: Connection) -> None:
        self._format, self._options, self._con = fmt, options, con
        self._recipe = recipe_of(fmt, options)
        self._plain = self._recipe.plain_fields()
        self._fresh = options.keys == "fresh"
        self._ordinals = Ordinals()
        self._zone = self._known_zone()
        self.last_line = 0

    def _known_zone(self) -> str | None:
        """The zone of times without an offset, if DuckDB has it too: Python may know more."""
        if self._recipe.zone is None:
            return None
        name = str(self._recipe.zone)
        return name if name in _run(self._con, staging_sql.known_zones())["name"].to_pylist() else None

    def stage(self, found: tuple[Frame, int, datetime]) -> _Staged:
        """A frame, the bytes of the file read up to its end, and when: as rows; called by several threads."""
        frame, done, now = found
        rows, doubted = self._judged(frame, now)
        exact, rejects = self._exact(doubted, now)
        if exact:
            # In the order of the file, because ordinals count identical records in that order.
            rows = pa.concat_tables([rows, pa.Table.from_pylist(exact, _STAGED_SCHEMA)]).sort_by("line")
        read = len(frame.table) + len(frame.rejects)
        last_line = int(frame.table["line"][-1].as_py()) if len(frame.table) else 0
        return _Staged(rows, sorted([*frame.rejects, *rejects]), read, done, last_line)

    def chunk(self, staged: _Staged) -> Chunk:
        """The next part of the file; the parts must come in order."""
        self.last_line = max(self.last_line, staged.last_line)
        return Chunk(self._keyed(staged.rows), staged.rejects, staged.read, staged.bytes_done)

    def _judged(self, frame: Frame, now: datetime) -> tuple[pa.Table, pa.Table]:
        """The same as `_sure`, half by half where the memory does not suffice for all at once."""
        try:
            with self._con.cursor() as cursor:
                cursor.register("frame", _in_batches(frame.table))
                return self._sure(frame, cursor, now)
        except OutOfMemory:
            half = len(frame.table) // 2
            if not half:
                raise
        parts = (frame.table.slice(0, half), frame.table.slice(half))
        judged = [self._judged(replace(frame, table=part), now) for part in parts]
        rows, doubted = (pa.concat_tables(tables) for tables in zip(*judged, strict=True))
        return rows, doubted

    def _sure(self, frame: Frame, con: Connection, now: datetime) -> tuple[pa.Table, pa.Table]:
        """The rows that are surely right, and line, raw and record of the others."""
        # What SQL cannot express is doubted as a whole.
        if self._plain is None:
            return _STAGED_SCHEMA.empty_table(), _run(con, staging_sql.doubt(self._shaped(frame, con, now)))
        staged = _run(
            con,
            staging_sql.stage(
                self._shaped(frame, con, now),
                self._plain,
                self._recipe.constants,
                rest=self._recipe.rest,
                fresh=self._fresh,
                source=self._recipe.source,
                zone=self._zone,
                now=now,
            ),
        )
        rows = staged.select(_STAGED_SCHEMA.names).cast(_STAGED_SCHEMA)
        # Nearly always so, and then nothing is copied.
        if pc.all(staged["sure"]).as_py():
            return rows, staged.slice(0, 0)
        return rows.filter(staged["sure"]), staged.filter(pc.invert(staged["sure"]))

    def _shaped(self, frame: Frame, con: Connection, now: datetime) -> str:
        """The statement that makes JSON records of the frame."""
        if self._recipe.lines is not None:
            return record_sql.lines_frame(self._recipe.lines, now.replace(tzinfo=None), self._options.year)
        if not frame.names:
            return record_sql.json_frame()
        self._check_columns(frame.names)
        types = [str(row[1]) for row in con.execute("DESCRIBE frame").fetchall()][1:]
        wanted = frozenset(place for candidates in self._recipe.fields.values() for place in candidates)
        return record_sql.columns_frame(frame.names, types, wanted)

    def _check_columns(self, names: tuple[str, ...]) -> None:
        needed = {"agent": "agent", "activity": "activity", **(self._options.map or {})}
        for name, place in needed.items():
            ways = self._recipe.fields.get(name, ())
            if name not in self._recipe.constants and not any(way in names for way in ways):
                raise InvalidFormat(
                    f"there is no column {place!r} for {name}: name one with --map {name}=COLUMN; "
                    f"the columns are {', '.join(names)}"
                )

    def _exact(self, doubted: pa.Table, now: datetime) -> tuple[list[dict[str, Any]], list[Reject]]:
        """What `Event` says of the records that SQL was not sure of: rows, and rejects."""
        rows, rejects = [], []
        columns = (doubted[name].to_pylist() for name in ("line", "raw", "record"))
        for line, untrimmed, record in zip(*columns, strict=True):
            raw = untrimmed.strip(_WHITE)
            try:
                rows.append({"line": line, **self._row(raw, record, now)})
            except InvalidEvent as error:
                rejects.append(Reject(line, error.reason, shown(raw)))
        return rows, rejects

    def _row(self, raw: str, record: str | None, now: datetime) -> dict[str, Any]:
        if record is None:
            raise InvalidEvent("record", raw, f"it must be a line of {self._format.title}")
        event, given_id, timed = record_to_event(parse_record(record), self._recipe)
        key = event.key or (UUID(given_id) if given_id else None)
        keyless = key is None
        if key is None:
            key = fresh_id() if self._fresh else content_uuid(event.source, raw)
        return {
            **{name: getattr(event, name) for name in BODY},
            "event_id": key.bytes,
            "keyed": event.key is not None or (given_id is None and not self._fresh),
            "occurred_at": event.occurred_at or now,
            "timed": timed,
            "of_content": keyless and not self._fresh,
        }

    def _keyed(self, rows: pa.Table) -> pa.Table:
        """The rows, each with an `event_id` of its own: identical records are counted through the file."""
        contents = rows.select(["line", "event_id"]).filter(rows["of_content"])
        if contents.num_rows:
            ordinals = self._ordinals.of(contents["event_id"])
            if ordinals.any():
                contents = contents.append_column("ordinal", arrow_columns.integers(ordinals))
                rows = self._told_apart(rows, contents.take(arrow_columns.integers(np.flatnonzero(ordinals))))
        return rows.select(ROW_SCHEMA.names).cast(ROW_SCHEMA)

    def _told_apart(self, rows: pa.Table, repeated: pa.Table) -> pa.Table:
        """The rows, with other keys for those in `repeated`."""
        self._con.register("repeated", _in_batches(repeated))
        made = _run(self._con, staging_sql.repeated_keys())["event_id"].cast(_BYTES)
        self._con.unregister("repeated")
        again = pc.is_in(rows["line"].combine_chunks(), repeated["line"])
        keys = pc.replace_with_mask(rows["event_id"].combine_chunks(), again, made.combine_chunks())
        return rows.set_column(rows.schema.get_field_index("event_id"), "event_id", keys)


def _run(con: Connection, query: Query) -> pa.Table:
    table: pa.Table = con.sql(query.sql, params=query.params).to_arrow_table(_BATCH_ROWS)
    return table


def _in_batches(table: pa.Table) -> pa.Table:
    """The same rows in small batches, which DuckDB's threads share among them, and of which each has many copies."""
    rows = min(_BATCH_ROWS, max(1, _BATCH_BYTES * len(table) // max(1, table.nbytes)))
    return pa.Table.from_batches(table.to_batches(rows), table.schema)
