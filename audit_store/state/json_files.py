"""The JSON files in which version 0.1.0 kept saved views, marks and deliveries; their rows are imported once.

The rows of a table come from its JSON file until the first write to that table, which imports them in its own
transaction. The file stays where it is and is not read again.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit_store.errors import AuditStoreError, reason
from audit_store.local_time import now, utc_text
from audit_store.state import database
from audit_store.state.database import Connection


@dataclass(frozen=True)
class Table:
    """A table, and `copy`, which inserts the rows of the JSON file of a store."""

    name: str
    copy: Callable[[Connection, Path], None]


@contextlib.contextmanager
def reading(store: Path, table: Table) -> Iterator[Connection]:
    """A connection that only reads; it has the table's rows also before they are imported. Writes nothing.

    Raises as `database.reading`, and what `copy` raises.
    """
    if database.path_of(store).exists():
        with database.reading(store) as connection:
            if _is_imported(connection, table):
                yield connection
                return
    with database.in_memory() as connection:
        table.copy(connection, store)
        yield connection


@contextlib.contextmanager
def transaction(store: Path, table: Table) -> Iterator[Connection]:
    """One durable transaction. Raises as `database.transaction`, and what `copy` raises."""
    with database.transaction(store) as connection:
        if not _is_imported(connection, table):
            table.copy(connection, store)
            connection.execute(
                "INSERT INTO imported (name, imported_at) VALUES (?, ?)", (table.name, utc_text(now()))
            )
        yield connection


def records(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file that has one on each line; none where there is no file.

    Other lines are passed over: a crash may have cut the last one short. Raises AuditStoreError.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AuditStoreError(f"{path} cannot be read: {reason(error)}") from error
    return [record for line in lines if (record := _record(line)) is not None]


def spans_of(record: dict[str, Any]) -> list[dict[str, str]]:
    """Where a mark or delivery saw its alarm: `kind`, `scope`, `agent`, `start` and `end` of each series.

    Raises KeyError, TypeError or ValueError for a record without them.
    """
    return [
        {name: _text(span, name) for name in ("kind", "scope", "agent", "start", "end")}
        for span in (record, *record.get("also", ()))
    ]


def well_formed(text: str) -> str:
    """A text with "?" for each unpaired surrogate, which JSON can hold and SQLite cannot."""
    return text.encode(errors="replace").decode()


def _text(record: dict[str, Any], name: str) -> str:
    if not isinstance(record[name], str):
        raise TypeError(f"{name} is {record[name]!r}, not a text")
    return str(record[name])


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _is_imported(connection: Connection, table: Table) -> bool:
    rows = connection.execute("SELECT 1 FROM imported WHERE name = ?", (table.name,))
    return rows.fetchone() is not None
