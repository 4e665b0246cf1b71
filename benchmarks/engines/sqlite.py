"""SQLite, with an index that covers each kind of count."""

import sqlite3
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.engines.cases import Case
from benchmarks.engines.engine import COLUMNS, peak_memory_of
from benchmarks.engines.statements import Dialect, statement

_CREATE = f"CREATE TABLE events ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})".replace(
    "seq BIGINT", "seq INTEGER PRIMARY KEY"
).replace("VARCHAR", "TEXT")
_INDEXES = (
    "CREATE INDEX by_time ON events (occurred_at, activity, agent, outcome, source)",
    "CREATE INDEX by_activity ON events (activity, occurred_at, agent, outcome, source)",
    "CREATE INDEX by_agent ON events (agent, occurred_at, activity, outcome, source, source_ip)",
    "CREATE UNIQUE INDEX by_key ON events (source, event_id)",
)


class SQLite:
    """One file."""

    name = f"SQLite {sqlite3.sqlite_version}"

    def __init__(self, store: Path, folder: Path) -> None:
        self._file = folder / "events.sqlite"

    @staticmethod
    def missing() -> str:
        """It is a part of Python."""
        return ""

    def load(self, events: Path) -> None:
        """Insert the events, then make the indexes."""
        connection = sqlite3.connect(self._file)
        # What is lost when the machine stops is loaded again.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_CREATE)
        places = ", ".join("?" * len(COLUMNS))
        with connection:
            for batch in pq.ParquetFile(events).iter_batches(100_000):
                rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
                connection.executemany(f"INSERT INTO events VALUES ({places})", rows)
            for index in (*_INDEXES, "ANALYZE"):
                connection.execute(index)
        connection.close()

    def open(self) -> None:
        """Connect, with a cache of a gigabyte."""
        self._connection = sqlite3.connect(self._file)
        self._connection.execute("PRAGMA cache_size = -1000000")
        self._connection.execute("PRAGMA mmap_size = 8000000000")

    def query(self, case: Case) -> Any:
        """A list of rows."""
        return self._connection.execute(statement(case, Dialect())).fetchall()

    def rows(self, case: Case, result: Any) -> list[tuple[Any, ...]]:
        """The rows as they are."""
        return list(result)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def files(self) -> list[Path]:
        """The file."""
        return [self._file]

    def size(self) -> int:
        """The bytes of the file."""
        return self._file.stat().st_size

    def peak_memory(self) -> int:
        """That of this process."""
        return peak_memory_of()
