"""Opens the DuckDB file, runs statements, closes it again. The only file that connects to DuckDB.

DuckDB lets one process write or many read, so nobody keeps the file open: each read or fold takes the lock of rw_lock.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from audit_store.engines import alarm_records as protocol
from audit_store.engines.duckdb import (
    creation,
    file_queries,
    holder,
    login_queries,
    memory,
    opening,
    queries,
    rule_queries,
    rw_lock,
)
from audit_store.engines.duckdb.alarm_records import check as check_records
from audit_store.engines.duckdb.alarm_records.records import AlarmRecords
from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.error_translation import explain, explain_creation, explain_input, translated
from audit_store.engines.duckdb.reader import Reader
from audit_store.engines.duckdb.rollups import check, upkeep
from audit_store.engines.duckdb.schema import ROW_GROUP, create_tables
from audit_store.engines.duckdb.writing import checkpoint, compression, fold_sql
from audit_store.engines.duckdb.writing.fold import FoldTransaction
from audit_store.engines.fold_results import FoldCounts
from audit_store.engines.logins import LoginQueries
from audit_store.engines.protocol import READ_WAIT, WRITE_WAIT, EventQueries, Query, Version
from audit_store.engines.rules import RuleQueries
from audit_store.engines.settings import Limits, limits
from audit_store.errors import StoreBusy, StoreCorrupt, StoreNotFound
from audit_store.store_files import real_path

if TYPE_CHECKING:
    import pandas as pd

OutOfMemory = duckdb.OutOfMemoryException
_UTC = "SET GLOBAL TimeZone = 'UTC'"  # a setting of an extension, which connect(config=…) does not accept


class Store:
    """A DuckDB file of events; an Engine of audit_store/engines/protocol.py."""

    queries: EventQueries = queries
    login_queries: LoginQueries = login_queries
    rule_queries: RuleQueries = rule_queries
    batch_rows = ROW_GROUP

    def __init__(self, path: Path | str, own: Limits | None = None) -> None:
        """The limits are those of the environment unless a store has its `own`. Raises InvalidSetting."""
        self.path = Path(path)
        self._limits = own or limits()
        self.alarm_records: protocol.AlarmRecords = AlarmRecords(self.write)

    def exists(self) -> bool:
        """Whether the file is there and holds anything."""
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False

    def version(self) -> Version:
        """Inode, size and modification time of the file, and the size of its WAL."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return (0, 0, 0, 0)
        wal_size = 0
        with contextlib.suppress(FileNotFoundError):
            wal_size = creation.wal_of(real_path(self.path)).stat().st_size
        return (status.st_ino, status.st_size, status.st_mtime_ns, wal_size)

    @contextlib.contextmanager
    def read(self, wait: float = READ_WAIT, *, checked: bool = True) -> Iterator[Reader]:
        """Open the file for a few statements; `wait` is in seconds.

        Only a repair leaves the schema version and what the store held unchecked. Raises StoreNotFound, StoreLost,
        StoreBusy, StoreCorrupt or StoreNewer."""
        with self._reading(wait, checked=checked) as connection:
            yield Reader(connection, self._translated, self._limits.query_seconds)

    @contextlib.contextmanager
    def _reading(self, wait: float, *, checked: bool = True) -> Iterator[Connection]:
        if not self.exists():
            memory.refuse_new(self.path)
            raise StoreNotFound(f"there is no store at {self.path}; append an event to create it")
        with self._open(read_only=True, wait=wait) as connection:
            if checked:
                opening.check_version(connection, self.path)
                self._check_memory(connection)
                opening.read_coverage(connection)
                opening.find_alarm_records(connection)
            yield connection

    def run(self, query: Query, wait: float = READ_WAIT) -> "pd.DataFrame":
        """The rows of one statement. Raises as `read` does."""
        with self.read(wait) as reader:
            return reader.run(query)

    @contextlib.contextmanager
    def fold(self, wait: float = WRITE_WAIT) -> Iterator[FoldTransaction]:
        """Open the file for one fold, and create it where it is missing; `wait` is in seconds.

        Raises StoreBusy, StoreLost, StoreCorrupt or StoreNewer."""
        with self.write(wait) as connection:
            yield FoldTransaction(connection)

    def compress(self, wait: float = WRITE_WAIT) -> bool:
        """Compress the metadata of one more group of rows; gives whether more of them remain. Raises as `fold` does."""
        with self.write(wait) as connection:
            return compression.compress_a_group(connection)

    def roll_up(self, logins: Sequence[str], wait: float = WRITE_WAIT) -> bool:
        """Do a short step of the upkeep of roll-ups, if one is due; gives whether it was. Raises as `fold` does."""
        with self._reading(wait) as reading:
            if upkeep.next_step(reading, logins) is None:
                return False
        with self.write(wait) as connection:
            return upkeep.roll_up(connection, logins)

    def check(self, wait: float = READ_WAIT) -> list[str]:
        """A sentence for each roll-up and alarm that does not agree with the events. Raises as `read` does."""
        with self._reading(wait) as connection:
            return [*check.differences(connection), *check_records.differences(connection)]

    def wait_until_free(self, wait: float) -> None:
        """Return once no other program is known to keep the file; raises StoreBusy, naming it, after `wait` seconds."""
        holder.wait_until_free(self.path, wait)

    def fold_results(self, segments: Sequence[str], wait: float = READ_WAIT) -> FoldCounts:
        """What became of these segments, by name; known for an hour. Raises as `read` does."""
        with self.read(wait) as reader:
            return FoldCounts(*reader.one(fold_sql.segment_results(segments)))

    @contextlib.contextmanager
    def write(self, wait: float = WRITE_WAIT) -> Iterator[Connection]:
        """The only connection to the file, its tables created; `wait` is in seconds.

        Raises StoreBusy, StoreLost, StoreCorrupt or StoreNewer."""
        real_path(self.path).parent.mkdir(parents=True, exist_ok=True)
        with self._open(read_only=False, wait=wait) as connection:
            connection.execute(_UTC)
            create_tables(connection, self.path)
            opening.check_version(connection, self.path)
            self._check_memory(connection)
            creation.prepare_wal(real_path(self.path))
            yield connection
            # Another connection sees nothing that will be rolled back.
            with contextlib.closing(connection.cursor()) as committed:
                store_id, last_seq = self._position(committed)
            if any(wal.stat().st_size for wal in creation.wals_of(real_path(self.path))):
                connection.checkpoint()
            connection.close()
            memory.keep(self.path, memory.Memory(store_id, last_seq, self.version()))

    def _check_memory(self, connection: Connection) -> None:
        remembered = memory.read(self.path)
        if remembered is not None and remembered.version != self.version():
            remembered.check(self.path, *self._position(connection))

    def _position(self, connection: Connection) -> tuple[str, int]:
        [(store_id, last_seq)] = connection.execute(file_queries.position().sql).fetchall()
        return store_id, last_seq

    @contextlib.contextmanager
    def _open(self, *, read_only: bool, wait: float) -> Iterator[Connection]:
        file = real_path(self.path)
        deadline = time.monotonic() + wait
        pause = 0.004
        while True:
            exclusive = not read_only or checkpoint.may_undo(file)
            with rw_lock.acquired(file, exclusive=exclusive, deadline=deadline):
                try:
                    if exclusive:
                        checkpoint.undo_unfinished(file)
                    connection = self._connect(file) if read_only else self._connect_to_write(file)
                except duckdb.Error as error:
                    problem = explain(self.path, error)
                    if isinstance(problem, StoreCorrupt):
                        raise StoreCorrupt(f"{problem}{memory.lost_bytes(self.path)}") from error
                    if not isinstance(problem, StoreBusy) or time.monotonic() > deadline:
                        raise problem from error
                else:
                    closing = contextlib.closing if read_only else partial(checkpoint.journalled, file=file)
                    with closing(connection) as opened, self._translated():
                        yield opened
                    return
            # Without the lock, so that our own readers go on while another program has the file.
            time.sleep(pause)
            pause = min(pause * 1.5, 0.05)

    def _connect_to_write(self, file: Path) -> duckdb.DuckDBPyConnection:
        """A connection to the file, which is created where it is missing or was never completely created."""
        if not self.exists():
            memory.refuse_new(self.path)
            self._create(file)
        try:
            return self._connect(file, read_only=False)
        except duckdb.Error as error:
            if not isinstance(explain(self.path, error), StoreCorrupt):
                raise
            if creation.never_held_events(file):
                memory.refuse_new(self.path)
                self._create(file, like=creation.move_aside(file))
            elif not creation.move_wal_aside(file, partial(self._opens, file)):
                raise
        return self._connect(file, read_only=False)

    def _create(self, file: Path, like: Path | None = None) -> None:
        with (
            creation.draft(file, like) as draft,
            translated(partial(explain_creation, self.path)),
            contextlib.closing(self._connect(draft, read_only=False)) as connection,
        ):
            connection.execute(_UTC)
            create_tables(connection, draft)

    def _connect(self, file: Path, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
        config = opening.config(file, self._limits, read_only=read_only)
        return duckdb.connect(str(file), read_only=read_only, config=config)

    def _opens(self, file: Path) -> bool:
        try:
            self._connect(file, read_only=False).close()
        except duckdb.Error:
            return False
        return True

    def _translated(self) -> contextlib.AbstractContextManager[None]:
        return translated(partial(explain, self.path))


@contextlib.contextmanager
def scratch() -> Iterator[Connection]:
    """A database in memory that turns input into rows. Raises InvalidFormat for input that DuckDB cannot parse."""
    config = opening.SAFE | {"memory_limit": "512MB", "preserve_insertion_order": "true"}
    with duckdb.connect(config=config) as connection:
        connection.execute(_UTC)
        with translated(explain_input):
            yield connection
