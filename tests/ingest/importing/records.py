"""What the tests of importing share."""

import io
from pathlib import Path
from typing import Any
from uuid import UUID

from ingest import formats
from ingest.importing.record_reader import ReadOptions, Reject, read
from ingest.rows import ROW_SCHEMA

GOOD = b'{"agent":"a","activity":"b"}'


def take(
    content: bytes | Path, fmt: str = "jsonl", **options: Any
) -> tuple[list[dict[str, Any]], list[Reject]]:
    """All rows and all rejects of some content."""
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    chunks = list(read(source, formats.load(fmt), ReadOptions(**{"now": True} | options)))
    rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
    rejects = [reject for chunk in chunks for reject in chunk.rejects]
    assert sum(chunk.read for chunk in chunks) == len(rows) + len(rejects)
    assert all(chunk.rows.schema == ROW_SCHEMA for chunk in chunks)
    return rows, rejects


def lines_of(found: list[dict[str, Any]] | list[Reject]) -> list[int]:
    return [one["line"] if isinstance(one, dict) else one.line for one in found]


def ids(rows: list[dict[str, Any]]) -> list[UUID]:
    return [row["event_id"] for row in rows]
