"""The table of marks: what reviewers say of alarms. Rows are added and never changed."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from audit_store.local_time import utc_text
from audit_store.state import json_files
from audit_store.state.database import Connection, decoded


class MarkRow(NamedTuple):
    """A mark; `spans` says which alarm, as in schema.sql, and `marked_at` is RFC 3339 in UTC."""

    spans: Sequence[Mapping[str, str]]
    verdict: str
    note: str
    marked_by: str
    marked_at: str


def read(store: Path) -> list[MarkRow]:
    """Every mark, oldest first. Raises what `json_files.reading` raises."""
    with json_files.reading(store, _TABLE) as connection:
        rows = connection.execute(
            "SELECT spans, verdict, note, marked_by, marked_at FROM marks ORDER BY id"
        ).fetchall()
    return [MarkRow(decoded(store, spans), *texts) for spans, *texts in rows]


def insert(store: Path, row: MarkRow) -> None:
    """Add a mark; durable when this returns. Raises what `json_files.transaction` raises."""
    with json_files.transaction(store, _TABLE) as connection:
        _insert(connection, row)


def json_path(store: Path) -> Path:
    """The JSON file of marks, one on each line."""
    return store.with_name(f"{store.name}.marks.jsonl")


def _insert(connection: Connection, row: MarkRow) -> None:
    connection.execute(
        "INSERT INTO marks (spans, verdict, note, marked_by, marked_at) VALUES (?, ?, ?, ?, ?)",
        (json.dumps(row.spans), *row[1:]),
    )


def _copy(connection: Connection, store: Path) -> None:
    for record in json_files.records(json_path(store)):
        try:
            spans, marked_at = json_files.spans_of(record), _utc_text(record["at"])
            verdict, note, marked_by = (
                json_files.well_formed(str(record.get(name, ""))) for name in ("verdict", "note", "by")
            )
        except (KeyError, TypeError, ValueError):
            continue
        # The JSON file has "seen" for an acknowledged alarm.
        verdict = "acknowledged" if verdict == "seen" else verdict
        _insert(connection, MarkRow(spans, verdict, note, marked_by, marked_at))


def _utc_text(text: str) -> str:
    """A time that a JSON file wrote in UTC, or with its offset, as RFC 3339 in UTC."""
    moment = datetime.fromisoformat(text)
    return utc_text(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)


_TABLE = json_files.Table("marks", _copy)
