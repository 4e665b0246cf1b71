"""One frame of records → rows: by SQL where that is certain, and record by record elsewhere."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.store import OutOfMemory
from audit_store.engines.protocol import Query
from audit_store.errors import InvalidEvent, InvalidFormat
from audit_store.event import BODY, content_uuid, fresh_id, parse_object
from ingest.formats import Format
from ingest.formats.expansion import Skipped
from ingest.formats.paths import first_key
from ingest.importing import record_sql, staging_sql
from ingest.importing.mapping import ReadOptions, recipe_of
from ingest.importing.parse import record_to_event
from ingest.importing.sources.frames import Frame, Reject, shown
from ingest.importing.years import YEAR
from ingest.rows import ROW_SCHEMA

_BYTES = pa.binary(16)
# DuckDB gives and takes an event_id as its 16 bytes, and Arrow can replace only those.
_STAGED_SCHEMA = pa.schema(
    [
        *(pa.field(field.name, _BYTES if field.name == "event_id" else field.type) for field in ROW_SCHEMA),
        pa.field("of_content", pa.bool_()),
    ]
)
_BATCH_ROWS = 16_384
_SHOWN = 20
"""How many names of columns an error shows."""
_BATCH_BYTES = 2 << 20
_EXACT_ROWS = 2048
_NO_TIME = "an imported event needs a time: name where it is with --map occurred_at=…, or use --now"
_TOO_LARGE = "line {line}: the record takes more memory than an import may use; remove it from the file"
_WHITE = " \t\n\r\f"


@dataclass(frozen=True, slots=True)
class StagedFrame:
    """What a frame holds.

    `rows` has ROW_SCHEMA with `event_id` as bytes, and `of_content`: whether that is derived from the record, and so
    the same for an identical one. `read` counts the events, the rejects among them; `skipped` counts the records that
    are no events by the rules of the format, by reason; `bytes_done` the bytes of the file up to its end.
    """

    rows: pa.Table
    rejects: list[Reject]
    read: int
    bytes_done: int
    last_line: int
    skipped: Mapping[str, int]


class FrameStager:
    """Stages the frames of one file; raises InvalidFormat for options that make no sense with its format."""

    def __init__(self, fmt: Format, options: ReadOptions, connection: Connection) -> None:
        self._format, self._options, self._connection = fmt, options, connection
        self._recipe = recipe_of(fmt, options)
        self._plain = self._recipe.plain_fields()
        self._fresh = options.keys == "fresh"
        self._zone = self._zone_of_duckdb()
        # The keys of a record stand in its text, unless they are groups of a line or written within a value.
        are_seen = self._recipe.lines is None and not self._recipe.expansion.decode
        entries = options.entries() if are_seen else {}
        self._keys = {name: entry.keys for name, entry in entries.items() if entry.keys}
        self.unseen = set(self._keys)
        """The mapped fields whose key no record has had yet."""

    def _zone_of_duckdb(self) -> str | None:
        """The zone of times without an offset, if DuckDB has it: Python may have more."""
        if self._recipe.zone is None:
            return None
        name = str(self._recipe.zone)
        return name if name in run(self._connection, staging_sql.zones())["name"].to_pylist() else None

    def stage(self, part: tuple[Frame, int, datetime]) -> StagedFrame:
        """A frame, the bytes of the file up to its end, and when it was read; may be called by several threads."""
        frame, bytes_done, now = part
        self._look_for_keys(frame)
        rows, uncertain = self._staged(frame, now)
        exact = self._exact(uncertain, now)
        read = len(rows) + sum(map(len, exact.tables)) + len(exact.rejects) + len(frame.rejects)
        if exact.tables:
            # In the order of the file, because ordinals count identical records in that order.
            rows = pa.concat_tables([rows, *exact.tables])
            rows = rows.take(pc.array_sort_indices(rows["line"].combine_chunks()))
        last_line = int(frame.table["line"][-1].as_py()) if len(frame.table) else 0
        rejects = sorted([*frame.rejects, *exact.rejects])
        return StagedFrame(rows, rejects, read, bytes_done, last_line, exact.skipped)

    def _look_for_keys(self, frame: Frame) -> None:
        if frame.names:  # columns are looked for by their names
            self.unseen.clear()
        for name in list(self.unseen):
            keys = (json.dumps(key, ensure_ascii=False) for key in self._keys[name])
            # A key may be written with escapes.
            pattern = "|".join([*map(re.escape, keys), r"\\"])
            if pc.any(pc.match_substring_regex(frame.table["raw"], pattern)).as_py():
                self.unseen.discard(name)

    def _staged(self, frame: Frame, now: datetime) -> tuple[pa.Table, pa.Table]:
        """Rows that are certain, and line, raw and record of the others; halved where memory does not suffice."""
        try:
            with self._connection.cursor() as cursor:
                cursor.register("frame", in_batches(frame.table))
                return self._staged_at_once(frame, cursor, now)
        except OutOfMemory as error:
            half = len(frame.table) // 2
            if not half:
                raise InvalidFormat(_TOO_LARGE.format(line=frame.table["line"][0])) from error
        halves = (frame.table.slice(0, half), frame.table.slice(half))
        staged = [self._staged(replace(frame, table=table), now) for table in halves]
        rows, uncertain = (pa.concat_tables(tables) for tables in zip(*staged, strict=True))
        return rows, uncertain

    def _staged_at_once(
        self, frame: Frame, connection: Connection, now: datetime
    ) -> tuple[pa.Table, pa.Table]:
        records = self._records(frame, connection, now)
        if self._plain is None:  # more than SQL can express
            return _STAGED_SCHEMA.empty_table(), run(connection, staging_sql.uncertain(records))
        staged = run(
            connection,
            staging_sql.stage(
                records,
                self._plain,
                self._recipe.constants,
                rest=self._recipe.rest,
                fresh=self._fresh,
                source=self._recipe.source,
                zone=self._zone,
                now=now if self._options.now else None,
            ),
        )
        rows = staged.select(_STAGED_SCHEMA.names).cast(_STAGED_SCHEMA)
        # Nearly always so, and then nothing is copied.
        if pc.all(staged["certain"]).as_py():
            return rows, staged.slice(0, 0)
        return rows.filter(staged["certain"]), staged.filter(pc.invert(staged["certain"]))

    def _records(self, frame: Frame, connection: Connection, now: datetime) -> str:
        """The statement that makes JSON records of the frame."""
        if "record" in frame.table.column_names:
            return record_sql.record_frame()
        if self._recipe.lines is not None:
            has_year = YEAR in frame.table.column_names
            return record_sql.lines_frame(self._recipe.lines, now.replace(tzinfo=None), has_year=has_year)
        if not frame.names:
            return record_sql.json_frame()
        self._check_columns(frame.names)
        types = [str(row[1]) for row in connection.execute("DESCRIBE frame").fetchall()][1:]
        candidates = (name for candidates in self._recipe.fields.values() for name in candidates)
        return record_sql.columns_frame(frame.names, types, frozenset(map(first_key, candidates)))

    def _check_columns(self, names: tuple[str, ...]) -> None:
        if any(key in names for key in self._recipe.expansion.decode):  # which may bring more keys
            return
        for name in dict.fromkeys(("agent", "activity", *self._keys)):
            keys = [first_key(candidate) for candidate in self._recipe.fields.get(name, (name,))]
            if name not in self._recipe.constants and not any(key in ("", *names) for key in keys):
                raise InvalidFormat(
                    f"there is no column {' or '.join(map(repr, keys))} for {name}: name one with "
                    f"--map {name}=COLUMN; the columns are {', '.join(names[:_SHOWN])}{', …' * (len(names) > _SHOWN)}"
                )

    def _exact(self, uncertain: pa.Table, now: datetime) -> "_Exact":
        """What `Event` says of the records that SQL was not certain of."""
        exact = _Exact([], [], Counter())
        # Python's objects take many times the memory of a table.
        for start in range(0, len(uncertain), _EXACT_ROWS):
            if rows := self._exact_rows(uncertain.slice(start, _EXACT_ROWS), now, exact):
                exact.tables.append(pa.Table.from_pylist(rows, _STAGED_SCHEMA))
        return exact

    def _exact_rows(self, uncertain: pa.Table, now: datetime, exact: "_Exact") -> list[dict[str, Any]]:
        """The rows of some records; what does not become a row is put down in `exact`."""
        rows = []
        columns = (uncertain[name].to_pylist() for name in ("line", "raw", "record"))
        for line, untrimmed, record in zip(*columns, strict=True):
            raw = untrimmed.strip(_WHITE)
            try:
                parts = self._parts(raw, record)
            except InvalidEvent as error:
                exact.rejects.append(Reject(line, error.reason, shown(raw)))
                continue
            for part in parts:
                try:
                    if isinstance(part, Skipped):
                        exact.skipped[str(part)] += 1
                    else:
                        rows.append({"line": line, **self._row(raw, part, now)})
                except InvalidEvent as error:
                    exact.rejects.append(Reject(line, error.reason, shown(raw)))
        return rows

    def _parts(self, raw: str, record: str | None) -> list[Mapping[str, Any] | Skipped]:
        """The records of the events in a record."""
        if record is None:
            raise InvalidEvent("record", raw, f"it must be a line of {self._format.title}")
        return self._recipe.expansion.records(parse_object("record", record))

    def _row(self, raw: str, record: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        event, fresh, timed = record_to_event(record, self._recipe)
        if event.occurred_at is None and not self._options.now:
            raise InvalidEvent("occurred_at", None, _NO_TIME)
        own_key = event.key
        key = own_key or (UUID(fresh) if fresh else None)
        of_content = key is None and not self._fresh
        if key is None:
            ordinal = getattr(record, "ordinal", "")
            content = f"{ordinal}:{raw}" if ordinal else raw
            key = fresh_id() if self._fresh else content_uuid(event.source, content)
        return {
            **{name: getattr(event, name) for name in BODY},
            "event_id": key.bytes,
            "keyed": own_key is not None or of_content,
            "occurred_at": event.occurred_at or now,
            "timed": timed,
            "of_content": of_content,
        }


class _Exact(NamedTuple):
    tables: list[pa.Table]
    rejects: list[Reject]
    skipped: Counter[str]


def run(connection: Connection, query: Query) -> pa.Table:
    """The rows of a statement."""
    table: pa.Table = connection.sql(query.sql, params=query.params).to_arrow_table(_BATCH_ROWS)
    return table


def in_batches(table: pa.Table) -> pa.Table:
    """The same rows in small batches, which DuckDB's threads share, and of which each makes many copies."""
    rows = min(_BATCH_ROWS, max(1, _BATCH_BYTES * len(table) // max(1, table.nbytes)))
    return pa.Table.from_batches(table.to_batches(rows), table.schema)
