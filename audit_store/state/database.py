"""Opens the SQLite file beside a store for one operation: a few reads, or one durable transaction."""

import contextlib
import errno
import glob
import json
import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from audit_store.errors import (
    NOT_STORED,
    UNKNOWN,
    AuditStoreError,
    SpoolFull,
    StoreBusy,
    StoreCorrupt,
    Stored,
    StoreNewer,
    reason,
    shorten,
)
from audit_store.file_copy import rename_to_new
from audit_store.state import row_checksums
from audit_store.store_files import sync_folder

Connection = sqlite3.Connection

SCHEMA_VERSION = 6
"""Rows of version 1 have no checksums; 2 has no `attempts`, 3 no `triage` and `exceptions`, 4 no `tokens`, 5 no
`default_view`."""
WAIT = 5.0
"""Seconds to wait for another program's transaction."""

_APPLICATION_ID = 0x41554454  # "AUDT"
_SCHEMA = Path(__file__).with_name("schema.sql")


def path_of(store: Path) -> Path:
    """The SQLite file of a store."""
    return store.with_name(f"{store.name}.state.sqlite")


@contextlib.contextmanager
def reading(store: Path) -> Iterator[Connection]:
    """A connection that only reads; needs no right to write the file or its folder.

    Raises StoreBusy, StoreCorrupt, StoreNewer or AuditStoreError.
    """
    path = path_of(store)
    with translated(path), contextlib.closing(_connect_to_read(path)) as connection:
        _check(connection, path)
        _create_missing(connection, "CREATE TEMP TABLE")
        connection.execute("PRAGMA query_only = ON")
        yield connection


@contextlib.contextmanager
def transaction(store: Path) -> Iterator[Connection]:
    """One transaction, on disk when the block ends and undone when it raises; creates the file where it is missing.

    The `stored` of an error is "not stored", or "unknown" where the disk failed during the commit. Raises StoreBusy,
    StoreCorrupt, StoreNewer, SpoolFull or AuditStoreError, also for text that is not valid Unicode.
    """
    path = path_of(store)
    if not path.exists():
        _create(store, path)
    with translated(path), contextlib.closing(_connect(path, "mode=rw")) as connection:
        _check(connection, path)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) < SCHEMA_VERSION:
            _create_tables(connection)
        yield connection
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            failed_write = _primary_code(error) == sqlite3.SQLITE_IOERR
            raise _problem(path, error, UNKNOWN if failed_write else NOT_STORED) from error
    row_checksums.note_sound(path)


def problem(store: Path) -> str | None:
    """Why the file of a store cannot be read; None where it can, or is not there."""
    if not path_of(store).exists():
        return None
    try:
        with reading(store):
            return None
    except AuditStoreError as error:
        return str(error)


@contextlib.contextmanager
def in_memory() -> Iterator[Connection]:
    """A connection to the same tables in memory, empty."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        row_checksums.register(connection)
        _create_tables(connection)
        yield connection


def decoded(store: Path, text: str) -> Any:
    """The value of a JSON column. Raises StoreCorrupt, which names the file."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise StoreCorrupt(_damaged(path_of(store), f"a row is not JSON: {reason(error)}")) from error


def _connect(path: Path, options: str) -> Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", timeout=WAIT, isolation_level=None, uri=True
    )
    row_checksums.register(connection)
    return connection


def _connect_to_read(path: Path) -> Connection:
    connection = _connect(path, "mode=rw")
    try:
        connection.execute("PRAGMA user_version")
    except sqlite3.OperationalError as error:
        connection.close()
        is_refused = _primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if is_refused and not path.with_name(f"{path.name}-wal").exists():
            # A read-only folder takes no -shm file. Without a -wal file the database is whole without one.
            return _connect(path, "immutable=1")
        raise
    return connection


def _check(connection: Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = _version(connection)
    if application != _APPLICATION_ID:
        raise StoreCorrupt(f"{path} does not hold saved views, marks and deliveries; move it away")
    if version > SCHEMA_VERSION:
        raise StoreNewer(
            f"{path} has schema version {version}; this program knows {SCHEMA_VERSION}: update this program"
        )
    has_checksums = row_checksums.are_there(connection)
    if version < 1 or (version < row_checksums.FIRST_VERSION and has_checksums):
        raise StoreCorrupt(_damaged(path, f"its schema version is {version}"))
    if damage := row_checksums.damage(connection, path, version):
        raise StoreCorrupt(_damaged(path, damage))


def _version(connection: Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _create_missing(connection: Connection, create: str) -> None:
    """Create the tables that an older file does not have, with the words `create`."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for statement in _SCHEMA.read_text(encoding="utf-8").split(";\n"):
        name = re.search(r"^CREATE TABLE (\w+)", statement, re.MULTILINE)
        if name is not None and name[1] not in tables:
            connection.execute(statement.replace("CREATE TABLE", create))


def _create_tables(connection: Connection) -> None:
    """Create the tables that are missing, and the checksums of their rows, within the transaction that runs."""
    _create_missing(connection, "CREATE TABLE")
    connection.execute("CREATE INDEX IF NOT EXISTS deliveries_by_sink ON deliveries (sink)")
    row_checksums.add(connection)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _create(store: Path, path: Path) -> None:
    """Make a whole database and give it its name at once, so that no other process opens half of one."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            if store.exists():
                draft.chmod(stat.S_IMODE(store.stat().st_mode) | stat.S_IRUSR | stat.S_IWUSR)
            with translated(path), contextlib.closing(_connect(draft, "mode=rw")) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN")
                _create_tables(connection)
                connection.execute("COMMIT")
                # Last: what a write-ahead log holds would be lost with the name of the draft.
                connection.execute("PRAGMA journal_mode = WAL")
            rename_to_new(draft, path)
        finally:
            for part in path.parent.glob(f"{glob.escape(draft.name)}*"):
                part.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SpoolFull(_full(path), stored=NOT_STORED) from error
        raise AuditStoreError(f"{path} cannot be created: {reason(error)}", stored=NOT_STORED) from error


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours, with the path of the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise _problem(path, error, NOT_STORED) from error
    except UnicodeDecodeError as error:
        raise StoreCorrupt(_damaged(path, "a text is not UTF-8")) from error
    except UnicodeEncodeError as error:
        text = shorten(error.object)
        raise AuditStoreError(f"{text} has an unpaired surrogate; text must be valid Unicode") from error


def _primary_code(error: sqlite3.Error) -> int:
    """The SQLite result code without its extension; SQLITE_ERROR where Python's own code raised the error."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


def _problem(path: Path, error: sqlite3.Error, stored: Stored) -> AuditStoreError:
    code = _primary_code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"{path} is in use by another program; try again", stored=stored)
    # Statements are constant, so an SQL error means that the tables are not the ones of schema.sql.
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return StoreCorrupt(_damaged(path, str(error)), stored=stored)
    if code == sqlite3.SQLITE_FULL:
        return SpoolFull(_full(path), stored=stored)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return AuditStoreError(
            f"{path} cannot be opened ({error}); give this user access to the file and its folder",
            stored=stored,
        )
    unknown = "; look whether the change was saved, and repeat it if not" if stored == UNKNOWN else ""
    return AuditStoreError(f"{path}: {error}; check the disk{unknown}", stored=stored)


def _damaged(path: Path, reason: str) -> str:
    return (
        f"{path} is damaged: {reason}; copy it from a backup, or move it away to begin without its "
        "saved views, marks and deliveries"
    )


def _full(path: Path) -> str:
    return f"the disk of {path} is full; free some space"
