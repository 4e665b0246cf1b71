"""PostgreSQL, with an index that covers each kind of count, in the database that AUDIT_BENCH_POSTGRES names."""

import importlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from benchmarks.engines.cases import Case
from benchmarks.engines.engine import COLUMNS, peak_memory_of
from benchmarks.engines.statements import Dialect, statement

DATABASE = "AUDIT_BENCH_POSTGRES"
_TABLE = "audit_bench_events"
_DIALECT = Dialect(contains="{} ILIKE '%{}%'", table=_TABLE)
_CREATE = f"CREATE UNLOGGED TABLE {_TABLE} ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})".replace(
    "event_id VARCHAR", "event_id UUID"
)
_INDEXES = (
    f"ALTER TABLE {_TABLE} ADD PRIMARY KEY (seq)",
    f"CREATE INDEX ON {_TABLE} (occurred_at) INCLUDE (activity, agent, outcome, source)",
    f"CREATE INDEX ON {_TABLE} (activity, occurred_at) INCLUDE (agent, outcome, source)",
    f"CREATE INDEX ON {_TABLE} (agent, occurred_at) INCLUDE (activity, outcome, source, source_ip)",
    f"CREATE UNIQUE INDEX ON {_TABLE} (source, event_id)",
    f"VACUUM ANALYZE {_TABLE}",  # so that indexes alone can answer
)


class PostgreSQL:
    """A table in a database; what a server keeps in memory stays there, so it is never cold."""

    name = "PostgreSQL"

    def __init__(self, store: Path, folder: Path) -> None:
        self._where = os.environ.get(DATABASE, "")

    @staticmethod
    def missing() -> str:
        """Needs a driver and a database."""
        if find_spec("psycopg") is None:
            return "PostgreSQL was not measured: install its driver with `pip install 'psycopg[binary]'`."
        if not os.environ.get(DATABASE):
            return (
                f"PostgreSQL was not measured: name a database in {DATABASE}, such as `host=/run/postgresql`."
            )
        return ""

    def load(self, events: Path) -> None:
        """Copy the events into a new table, then make the indexes."""
        self.open()
        self._connection.execute(f"DROP TABLE IF EXISTS {_TABLE}")
        self._connection.execute(_CREATE)
        no_header = pyarrow.csv.WriteOptions(include_header=False)
        with self._connection.cursor().copy(f"COPY {_TABLE} FROM STDIN (FORMAT csv)") as copy:
            for batch in pq.ParquetFile(events).iter_batches(100_000):
                lines = pa.BufferOutputStream()
                pyarrow.csv.write_csv(batch, lines, no_header)
                copy.write(lines.getvalue().to_pybytes())
        for index in _INDEXES:
            self._connection.execute(index)
        self.close()

    def open(self) -> None:
        """Connect."""
        self._connection = importlib.import_module("psycopg").connect(self._where, autocommit=True)

    def query(self, case: Case) -> Any:
        """A list of rows."""
        return self._connection.execute(statement(case, _DIALECT)).fetchall()

    def rows(self, case: Case, result: Any) -> list[tuple[Any, ...]]:
        """The rows as they are."""
        return list(result)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    def files(self) -> list[Path]:
        """Those of the server are out of reach."""
        return []

    def size(self) -> int:
        """The bytes of the table and its indexes."""
        [(size,)] = self._connection.execute(f"SELECT pg_total_relation_size('{_TABLE}')").fetchall()
        return int(size)

    def peak_memory(self) -> int:
        """That of the server's process for this connection, with the shared memory that it has used."""
        return peak_memory_of(self._connection.info.backend_pid)
