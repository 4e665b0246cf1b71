"""A checksum in each row of the SQLite file, which triggers write, so that a damaged row is noticed.

The checks run before an operation, unless the file is as the last check or transaction of this process left it.
"""

import contextlib
import sqlite3
from pathlib import Path
from zlib import crc32

_COLUMNS = {
    "views": ("name", "parameters"),
    "default_view": ("id", "name"),
    "marks": ("id", "spans", "verdict", "note", "marked_by", "marked_at"),
    "deliveries": ("id", "sink", "key", "spans", "sentence", "body", "created_at", "delivered_at"),
    "imported": ("name", "imported_at"),
    "attempts": ("delivery_id", "failures", "next_at", "refused_at", "answer"),
    "triage": ("id", "alarm_id", "state", "note", "set_by", "set_at", "seen"),
    "exceptions": (
        "id",
        "agent",
        "address",
        "kind",
        "hours",
        "until",
        "note",
        "set_by",
        "set_at",
        "withdrawn_by",
        "withdrawn_at",
    ),
    "tokens": ("id", "source", "sha256", "created_at", "expires_at", "revoked_at"),
}
FIRST_VERSION = 2
"""The schema version from which on rows have checksums."""
_SINCE = {"attempts": 3, "triage": 4, "exceptions": 4, "tokens": 5, "default_view": 6}
Version = tuple[int, ...]
_sound: dict[Path, Version] = {}


def register(connection: sqlite3.Connection) -> None:
    """Make the function of the triggers known to a connection."""
    connection.create_function("row_checksum", -1, _checksum, deterministic=True)


def add(connection: sqlite3.Connection) -> None:
    """Give each table that has none a column `crc32`, filled, and the triggers that keep it.

    Call it within a transaction.
    """
    for table, columns in _COLUMNS.items():
        if table in _with_checksums(connection):
            continue
        update = f"UPDATE {table} SET crc32 = row_checksum({', '.join(columns)})"
        of_row = f"BEGIN {update} WHERE rowid = NEW.rowid; END"
        connection.execute(f"ALTER TABLE {table} ADD COLUMN crc32 INTEGER")
        connection.execute(update)
        connection.execute(f"CREATE TRIGGER {table}_inserted AFTER INSERT ON {table} {of_row}")
        connection.execute(
            f"CREATE TRIGGER {table}_updated AFTER UPDATE OF {', '.join(columns)} ON {table} {of_row}"
        )


def are_there(connection: sqlite3.Connection) -> bool:
    """Whether any table has the column of the checksums, whatever the schema version says."""
    return bool(_with_checksums(connection))


def damage(connection: sqlite3.Connection, path: Path, schema_version: int) -> str | None:
    """What is damaged in an open file of this schema version; None where it is sound."""
    version = _version(path)
    if _sound.get(path) == version:
        return None
    (problem,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if problem != "ok":
        return str(problem)
    for table, columns in _COLUMNS.items():
        if schema_version < _SINCE.get(table, FIRST_VERSION):
            continue
        differing = f"SELECT 1 FROM {table} WHERE crc32 IS NOT row_checksum({', '.join(columns)})"
        if connection.execute(differing).fetchone():
            return f"a row of {table} was changed: its checksum does not agree"
    _sound[path] = version
    return None


def note_sound(path: Path) -> None:
    """Note that what is in a file was checked and changed by this process alone."""
    _sound[path] = _version(path)


def _with_checksums(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT l.name FROM pragma_table_list l JOIN pragma_table_info(l.name) c WHERE c.name = 'crc32'"
    )
    return {name for (name,) in rows}


def _checksum(*values: object) -> int:
    return crc32(repr(values).encode(errors="surrogatepass"))


def _version(path: Path) -> Version:
    """Changes whenever the file or its write-ahead log does."""
    version: Version = ()
    for file in (path, path.with_name(f"{path.name}-wal")):
        with contextlib.suppress(FileNotFoundError):
            if (status := file.stat()).st_size:  # an open connection has an empty log
                version += (status.st_ino, status.st_size, status.st_mtime_ns)
    return version
