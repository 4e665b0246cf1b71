"""Lines that `append` wrote become rows."""

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from audit_store.event import EARLIEST, FIELDS, LATEST
from ingest.formats.declaration import SPOOL_FIELDS
from ingest.importing import arrow_columns
from ingest.importing.sources.frames import line_ends
from ingest.rows import ROW_SCHEMA

_BLOCK_BYTES = 16 << 20  # far more than the longest line
_LINE_SCHEMA = pa.schema([(name, pa.string()) for name in (*FIELDS, *SPOOL_FIELDS)])
_REQUIRED = ("agent", "activity")
_DEFAULTS = {
    name: arrow_columns.text(value)
    for name, value in (("description", ""), ("source", ""), ("metadata", "{}"))
}
_OBJECT = np.frombuffer(b"{}", np.uint8)
_MICROSECONDS = pa.timestamp("us", tz="UTC")
_BOUNDS = tuple(round(moment.timestamp()) * 1_000_000 for moment in (EARLIEST, LATEST))
_metadata = msgspec.json.Decoder(dict)


def appended_rows(lines: bytes) -> pa.Table:
    """The rows (ROW_SCHEMA) of whole lines, each of which ends with a line end; `line` counts from 1.

    Raises ValueError where a line is not one that `append` writes: it is torn or damaged, has an unknown field or a
    value that is not text, or lacks an agent, an activity, an id or a time. Checksums, lengths and outcomes are not
    looked at.
    """
    try:
        return _rows(lines)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"metadata: {error}") from error


def _rows(lines: bytes) -> pa.Table:
    fields = arrow_json.read_json(
        pa.BufferReader(lines),  # type: ignore[arg-type]  # its stub knows files alone
        arrow_json.ReadOptions(use_threads=False, block_size=min(_BLOCK_BYTES, len(lines) + 1)),
        arrow_json.ParseOptions(explicit_schema=_LINE_SCHEMA, unexpected_field_behavior="error"),
    )
    fields.validate(full=True)  # the reader does not look for invalid UTF-8
    _check_one_a_line(lines, fields.num_rows)
    for name in _REQUIRED:
        if fields[name].null_count:
            raise ValueError(f"{name} is missing")
    for metadata in fields["metadata"].drop_null().to_pylist():
        _metadata.decode(str(metadata))
    columns: dict[str, Any] = {name: fields[name] for name in FIELDS}
    columns |= {name: columns[name].fill_null(default) for name, default in _DEFAULTS.items()}
    columns |= {
        "line": arrow_columns.integers(np.arange(1, fields.num_rows + 1)),
        "event_id": arrow_columns.uuids(pc.coalesce(fields["event_id"], fields["fresh_id"])),
        "keyed": fields["event_id"].is_valid(),
        "occurred_at": _times(pc.coalesce(fields["occurred_at"], fields["appended_at"])),
        "timed": fields["occurred_at"].is_valid(),
    }
    return pa.table([columns[name] for name in ROW_SCHEMA.names], ROW_SCHEMA.names).cast(ROW_SCHEMA)


def _check_one_a_line(lines: bytes, rows: int) -> None:
    """The reader takes objects for rows, wherever lines end."""
    ends = line_ends(lines)
    starts = np.concatenate([[0], ends[:-1] + 1])
    data = np.frombuffer(lines, np.uint8)
    if len(ends) != rows or (data[starts] != _OBJECT[0]).any() or (data[ends - 1] != _OBJECT[1]).any():
        raise ValueError("a line is not one JSON object")


def _times(texts: "pa.ChunkedArray[Any]") -> "pa.ChunkedArray[Any]":
    times = texts.cast(_MICROSECONDS)
    if times.null_count:
        raise ValueError("a time is missing")
    numbers = arrow_columns.numbers(times.cast(pa.int64()))
    if numbers.min() < _BOUNDS[0] or numbers.max() >= _BOUNDS[1]:
        raise ValueError("a time is out of range")
    return times
