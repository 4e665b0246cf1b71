"""The table of triage: the states of alarms, by the alarm's id. Rows are added and never changed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from audit_store.state import database
from audit_store.state.database import decoded


class TriageRow(NamedTuple):
    """A state; `seen` holds the figures that the alarm had at `set_at` (RFC 3339 in UTC)."""

    alarm_id: str
    state: str
    note: str
    set_by: str
    set_at: str
    seen: Mapping[str, Any]


def read(store: Path) -> list[TriageRow]:
    """Every state, oldest first. Raises what `database.reading` raises."""
    if not database.path_of(store).exists():
        return []
    with database.reading(store) as connection:
        rows = connection.execute(
            "SELECT alarm_id, state, note, set_by, set_at, seen FROM triage ORDER BY id"
        ).fetchall()
    return [
        TriageRow(alarm_id, state, note, by, at, decoded(store, seen))
        for alarm_id, state, note, by, at, seen in rows
    ]


def insert(store: Path, row: TriageRow) -> None:
    """Add a state; durable when this returns. Raises what `database.transaction` raises."""
    with database.transaction(store) as connection:
        connection.execute(
            "INSERT INTO triage (alarm_id, state, note, set_by, set_at, seen) VALUES (?, ?, ?, ?, ?, ?)",
            (*row[:-1], json.dumps(row.seen)),
        )
