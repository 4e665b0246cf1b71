"""The table of exceptions: which alarms are expected, until when."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from audit_store.state import database
from audit_store.state.database import decoded


class ExceptionRow(NamedTuple):
    """An exception, as in schema.sql; `set_at` and `withdrawn_at` are RFC 3339 in UTC, `until` is an ISO date."""

    agent: str
    address: str
    kind: str
    hours: Sequence[str]
    until: str
    note: str
    set_by: str
    set_at: str
    withdrawn_by: str | None = None
    withdrawn_at: str | None = None


_COLUMNS = ", ".join(ExceptionRow._fields)
_VALUES = ", ".join("?" for _ in ExceptionRow._fields)


def read(store: Path) -> dict[int, ExceptionRow]:
    """Every exception by its number, oldest first. Raises what `database.reading` raises."""
    if not database.path_of(store).exists():
        return {}
    with database.reading(store) as connection:
        rows = connection.execute(f"SELECT id, {_COLUMNS} FROM exceptions ORDER BY id").fetchall()
    return {
        number: (row := ExceptionRow(*values))._replace(hours=decoded(store, str(row.hours)))
        for number, *values in rows
    }


def insert(store: Path, row: ExceptionRow) -> int:
    """Add an exception and give its number; durable when this returns. Raises what `database.transaction` raises."""
    with database.transaction(store) as connection:
        values = row._replace(hours=json.dumps(row.hours))
        inserted = connection.execute(f"INSERT INTO exceptions ({_COLUMNS}) VALUES ({_VALUES})", values)
        return int(inserted.lastrowid or 0)


def withdraw(store: Path, number: int, by: str, at: str) -> bool:
    """Note by whom and when an exception is withdrawn; False if there is none, or it is withdrawn already.

    Durable when this returns. Raises what `database.transaction` raises.
    """
    with database.transaction(store) as connection:
        changed = connection.execute(
            "UPDATE exceptions SET withdrawn_by = ?, withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL",
            (by, at, number),
        )
        return changed.rowcount > 0
