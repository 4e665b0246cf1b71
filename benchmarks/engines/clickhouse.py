"""ClickHouse in this process, through `chdb`, in the order of the log."""

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.engines.cases import Case
from benchmarks.engines.engine import files_in, peak_memory_of
from benchmarks.engines.statements import Dialect, statement

_DIALECT = Dialect(
    quotient="intDiv({}, {})",
    contains="positionCaseInsensitiveUTF8({}, '{}') > 0",
    table="bench.events",
)
_CREATE = """
CREATE TABLE bench.events (
    seq Int64, event_id UUID, occurred_at Int64 CODEC(Delta, ZSTD), recorded_at Int64 CODEC(Delta, ZSTD),
    agent LowCardinality(String), activity LowCardinality(String), description String CODEC(ZSTD),
    outcome LowCardinality(Nullable(String)), source_ip Nullable(String) CODEC(ZSTD), target Nullable(String),
    source LowCardinality(String), metadata String CODEC(ZSTD),
    INDEX times occurred_at TYPE minmax GRANULARITY 1
) ENGINE = MergeTree ORDER BY seq
"""
# A repeated search would be answered from what an earlier run has found out.
_SETTINGS = " SETTINGS use_query_condition_cache = 0, use_query_cache = 0"


class ClickHouse:
    """A folder of tables."""

    name = "ClickHouse (chdb)"

    def __init__(self, store: Path, folder: Path) -> None:
        self._folder = folder / "clickhouse"

    @staticmethod
    def missing() -> str:
        """Needs a package that is no part of the product."""
        if find_spec("chdb") is None:
            return "ClickHouse was not measured: install it with `pip install chdb`."
        return ""

    def load(self, events: Path) -> None:
        """Insert the events, and merge them into one part."""
        self.open()
        self._session.query("CREATE DATABASE bench")
        self._session.query(_CREATE)
        self._session.query(f"INSERT INTO bench.events SELECT * FROM file('{events}', Parquet)")
        self._session.query("OPTIMIZE TABLE bench.events FINAL")
        self.close()

    def open(self) -> None:
        """Begin a session."""
        self._session = importlib.import_module("chdb.session").Session(str(self._folder))

    def query(self, case: Case) -> Any:
        """An Arrow table."""
        result = self._session.query(statement(case, _DIALECT) + _SETTINGS, "ArrowStream")
        return pa.ipc.open_stream(result.bytes()).read_all()

    def rows(self, case: Case, result: Any) -> list[tuple[Any, ...]]:
        """The rows of the table."""
        return list(zip(*(column.to_pylist() for column in result.columns), strict=True))

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def files(self) -> list[Path]:
        """Those of the folder."""
        return list(files_in(self._folder))

    def size(self) -> int:
        """The bytes of the table's parts."""
        parts = "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'bench' AND active"
        return int(str(self._session.query(parts)).strip())

    def peak_memory(self) -> int:
        """That of this process."""
        return peak_memory_of()
