"""Opens the DuckDB file, takes turns, runs statements, closes. The only file that imports duckdb.

DuckDB lets one process write or many read. Nobody here keeps the file: each read or fold takes its turn
(audit_store/engines/duckdb/rw_lock.py), opens the file, works and closes it.
"""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from audit_store.engines.duckdb import queries, rw_lock
from audit_store.engines.duckdb.queries import Query
from audit_store.engines.duckdb.schema import SCHEMA_VERSION, create_tables
from audit_store.errors import (
    AuditStoreError,
    InvalidFormat,
    StoreBusy,
    StoreCorrupt,
    StoreNewer,
    StoreNotFound,
)
from audit_store.store_files import sync_folder

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Connection = duckdb.DuckDBPyConnection
OutOfMemory = duckdb.OutOfMemoryException

READ_WAIT = 10.0
WRITE_WAIT = 5.0
QUERY_SECONDS = 60.0
_SAFE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_UTC = "SET GLOBAL TimeZone = 'UTC'"  # the setting belongs to an extension, so connect(config=…) does not know it
_LOCKED = _SAFE | {"enable_external_access": "false", "lock_configuration": "true"}


class Store:
    """A DuckDB file of events. Holds no connection, so it may be shared by threads and forked."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    def exists(self) -> bool:
        """Whether the file is there and holds anything."""
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False

    def version(self) -> tuple[int, int, int, int]:
        """Changes whenever the file does; never opens it."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return (0, 0, 0, 0)
        wal = 0
        with contextlib.suppress(FileNotFoundError):
            wal = self.path.with_name(self.path.name + ".wal").stat().st_size
        return (found.st_ino, found.st_size, found.st_mtime_ns, wal)

    @contextlib.contextmanager
    def read(self, wait: float = READ_WAIT, *, checked: bool = True) -> "Iterator[Reader]":
        """A connection that can only read, for a few statements.

        `wait` is in seconds. Only a repair leaves the schema version unchecked.

        Raises StoreNotFound, StoreBusy, StoreCorrupt or StoreNewer.
        """
        if not self.exists():
            raise StoreNotFound(f"there is no store at {self.path}; append an event to create it")
        with self._open(read_only=True, wait=wait) as connection:
            if checked:
                _check_version(connection, self.path)
            yield Reader(connection)

    def run(self, query: Query, wait: float = READ_WAIT) -> "pd.DataFrame":
        """The rows of one statement. Raises as `read` does."""
        with self.read(wait) as reader:
            return reader.run(query)

    @contextlib.contextmanager
    def write(self, wait: float = WRITE_WAIT) -> Iterator[Connection]:
        """The only connection there is to the file, with its tables made; for a fold and nothing longer.

        `wait` is in seconds. Raises StoreBusy, StoreCorrupt or StoreNewer.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = not self.exists()
        with self._open(read_only=False, wait=wait) as connection:
            connection.execute(_UTC)
            create_tables(connection, self.path)
            if new:
                # Before a fold deletes what it has stored: a power loss must not take the file's name.
                sync_folder(self.path.parent)
            _check_version(connection, self.path)
            yield connection

    @contextlib.contextmanager
    def _open(self, *, read_only: bool, wait: float) -> Iterator[Connection]:
        deadline = time.monotonic() + wait
        pause = 0.004
        while True:
            with rw_lock.taken(self.path, alone=not read_only, deadline=deadline):
                if not read_only:
                    self._drop_empty_file()
                try:
                    connection = duckdb.connect(
                        str(self.path), read_only=read_only, config=_LOCKED if read_only else _SAFE
                    )
                except duckdb.Error as error:
                    problem = _explain(self.path, error)
                    if not isinstance(problem, StoreBusy) or time.monotonic() > deadline:
                        raise problem from error
                else:
                    with contextlib.closing(connection), _explained(partial(_explain, self.path)):
                        yield connection
                    return
            # Outside the turn, so that our own readers go on while another program has the file.
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def _drop_empty_file(self) -> None:
        # What a kill in the first moment leaves, or mktemp: DuckDB takes it for a broken database.
        if self.path.exists() and not self.exists():
            self.path.unlink()


class Reader:
    """A few statements on one open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, query: Query) -> "pd.DataFrame":
        """The rows of a statement, interrupted after QUERY_SECONDS (then StoreBusy)."""
        with self._timed():
            return self._connection.execute(query.sql, query.params).df()

    def arrow(self, query: Query) -> "pa.Table":
        """The rows of a statement as an Arrow table, interrupted like `run`."""
        with self._timed():
            self._connection.complete()  # a relation needs the connection to itself
            table: pa.Table = self._connection.sql(query.sql, params=query.params).to_arrow_table()
            return table

    def salvage(self, query: Query) -> "pa.Table | None":
        """The same, and None where the file is damaged; the next statement may still be readable."""
        try:
            return self.arrow(query)
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            return None

    def one(self, query: Query) -> tuple[Any, ...]:
        """The first row of a statement that always has one."""
        with self._timed():
            row = self._connection.execute(query.sql, query.params).fetchone()
        if row is None:
            raise AuditStoreError("the statement gave no row")
        return tuple(row)

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        timer = threading.Timer(QUERY_SECONDS, self._connection.interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


@contextlib.contextmanager
def scratch() -> Iterator[Connection]:
    """A database in memory, for turning input into rows. Raises InvalidFormat for what DuckDB cannot do with it."""
    with duckdb.connect(
        config=_SAFE | {"memory_limit": "512MB", "preserve_insertion_order": "true"}
    ) as connection:
        connection.execute(_UTC)
        with _explained(
            lambda error: InvalidFormat(f"the input cannot be read so: {_first_line(str(error))}")
        ):
            yield connection


@contextlib.contextmanager
def _explained(explain: Callable[[duckdb.Error], AuditStoreError]) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise explain(error) from error
    except RuntimeError as error:
        # What DuckDB makes of Ctrl-C during a statement.
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error


def _explain(path: Path, error: duckdb.Error) -> AuditStoreError:
    text = str(error)
    if "Could not set lock" in text or "different configuration" in text:
        holder = re.search(r"held in (.+?)\. (?:However|See)", text)
        who = holder.group(1) if holder else "another program"
        return StoreBusy(f"{path} is held by {who}; close it there, or try again")
    if isinstance(error, duckdb.InterruptException):
        return StoreBusy(f"reading {path} took longer than {QUERY_SECONDS:.0f} s; choose a shorter range")
    if "No space left" in text:
        return AuditStoreError(
            f"the disk under {path.parent} is full; free some space, then what waits is stored"
        )
    if "newer version" in text or "version number" in text:
        return StoreNewer(
            f"{path} was written by a newer version of DuckDB; update this program ({_first_line(text)})"
        )
    if "Permission denied" in text:
        return AuditStoreError(f"{path} may not be opened by this user: {_first_line(text)}")
    if isinstance(error, duckdb.IOException | duckdb.SerializationException) or "orrupt" in text:
        return StoreCorrupt(f"{path} cannot be read: {_first_line(text)}")
    return AuditStoreError(f"{path}: {_first_line(text)}")


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def _check_version(connection: Connection, path: Path) -> None:
    try:
        found = connection.execute(queries.schema_version().sql).fetchone()
    except duckdb.CatalogException as error:
        if not connection.execute(queries.tables().sql).fetchall():
            raise StoreNotFound(f"{path} is empty; append an event to begin") from error
        raise StoreCorrupt(
            f"{path} is a DuckDB file, but no audit store: it has no table store_info"
        ) from error
    if found is None or found[0] > SCHEMA_VERSION:
        raise StoreNewer(
            f"{path} has schema version {found and found[0]}, and this program knows {SCHEMA_VERSION}; "
            "update this program"
        )
