"""Events as the bytes of a file: CSV, JSON Lines, Parquet, OCSF.

* `csv` (RFC 4180, UTF-8, CRLF): every column of `events`, and `occurred_at_local`, the same instant in the
  filter's zone with its offset. A cell of nothing is empty, one of an empty text is `""`. Can be imported again.
* `jsonl`: the fields of an event by their names, one object a line, `metadata` as the exact text received;
  what is not given is left out. `python -m ingest import` makes the same events of it.
* `parquet`: the same fields, `occurred_at` as an instant (isAdjustedToUTC); can be imported again, too.
* `ocsf`: one OCSF event a line, see audit_store/export/ocsf.py.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from audit_store.errors import InvalidFormat
from audit_store.event import BODY, COLUMNS, FIELDS
from audit_store.export.formulas import neutral
from audit_store.export.ocsf import ocsf
from audit_store.export.sink import Sink
from audit_store.local_time import local_text, utc_text

TEXT_ROWS = 500
PARQUET_ROWS = 100_000
CSV_COLUMNS = (*COLUMNS[:3], "occurred_at_local", *COLUMNS[3:])
"""Every column of `events`, and `occurred_at` in the filter's zone behind it."""
_MAY_BE_MISSING = ("outcome", "source_ip", "target")
_SPECIAL = re.compile('[",\r\n]')


class Encoder(Protocol):
    """Turns tables of events, in order, into the bytes of one file."""

    rows: int
    """How many events `encode` is best given at once."""

    def start(self) -> bytes:
        """What the file begins with."""

    def encode(self, events: pa.Table) -> bytes:
        """The next events, columns as `queries.export_block` gives them."""

    def finish(self) -> bytes:
        """What the file ends with."""


def encoder(name: str, zone: ZoneInfo) -> Encoder:
    """A new encoder of this format; `zone` is that of local times. Raises InvalidFormat."""
    if name not in FORMATS:
        raise InvalidFormat(f"unknown format {name!r}; give one of {', '.join(FORMATS)}")
    return FORMATS[name](zone)


class _Lines:
    """A text format: `lines` encodes some events, `header` is written before the first."""

    rows = TEXT_ROWS

    def __init__(self, lines: Callable[[list[dict[str, Any]]], str], header: str = "") -> None:
        self._lines, self._header = lines, header

    def start(self) -> bytes:
        return self._header.encode()

    def encode(self, events: pa.Table) -> bytes:
        return self._lines(events.to_pylist()).encode()

    def finish(self) -> bytes:
        return b""


class _Parquet:
    rows = PARQUET_ROWS
    _schema = pa.schema(
        [
            pa.field(name, pa.timestamp("us", "UTC") if name == "occurred_at" else pa.string())
            for name in FIELDS
        ]
    )

    def __init__(self) -> None:
        self._sink = Sink()
        self._writer = pq.ParquetWriter(pa.PythonFile(self._sink, "w"), self._schema, compression="zstd")

    def start(self) -> bytes:
        return self._sink.take()

    def encode(self, events: pa.Table) -> bytes:
        self._writer.write_table(events.select(list(FIELDS)).cast(self._schema))
        return self._sink.take()

    def finish(self) -> bytes:
        self._writer.close()
        return self._sink.take()


def _csv(zone: ZoneInfo) -> Encoder:
    return _Lines(lambda events: _csv_rows(_cells(event, zone) for event in events), _csv_rows([CSV_COLUMNS]))


def _cells(event: Mapping[str, Any], zone: ZoneInfo) -> list[str | None]:
    moment = event["occurred_at"]
    fixed = [
        str(event["seq"]),
        event["event_id"],
        utc_text(moment),
        local_text(moment, zone),
        utc_text(event["recorded_at"]),
    ]
    # What is empty without having been given, such as the description, is an empty cell.
    texts = (event[name] or (event[name] if name in _MAY_BE_MISSING else None) for name in BODY)
    return fixed + [text and neutral(text) for text in texts]


def _csv_rows(rows: Iterable[Sequence[str | None]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        if "" in row:  # Python's writer would write nothing for it
            text.write(",".join(map(_cell, row)) + "\r\n")
        else:
            writer.writerow(row)
    return text.getvalue()


def _cell(text: str | None) -> str:
    if text is None or (text and not _SPECIAL.search(text)):
        return text or ""
    return '"' + text.replace('"', '""') + '"'


def _json_lines(shape: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Encoder:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return _Lines(lambda events: "".join([encode(shape(event)) + "\n" for event in events]))


def _fields(event: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: event[name] for name in FIELDS if event[name] is not None}
    return fields | {"occurred_at": utc_text(event["occurred_at"])}


FORMATS: dict[str, Callable[[ZoneInfo], Encoder]] = {
    "csv": _csv,
    "jsonl": lambda _: _json_lines(_fields),
    "parquet": lambda _: _Parquet(),
    "ocsf": lambda _: _json_lines(ocsf),
}
