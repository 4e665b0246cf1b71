"""DuckDB's plain scan of the table `events`, in the file of the store, without roll-ups."""

from pathlib import Path
from typing import Any

from audit_store.engines.protocol import Query
from benchmarks.engines.cases import Case
from benchmarks.engines.product import Product, rows_of
from benchmarks.engines.statements import Dialect, statement

_DIALECT = Dialect(
    micros="epoch_us(occurred_at)",
    moment="make_timestamp({})",
    quotient="({} // {})",
    contains="{}::VARCHAR ILIKE '%{}%'",
)


class PlainScan(Product):
    """Reads the same file."""

    name = "DuckDB, plain scan"

    def load(self, events: Path) -> None:
        """Nothing: the events are in the store."""

    def query(self, case: Case) -> Any:
        """A frame."""
        return self._reader.run(Query(statement(case, _DIALECT)))

    def rows(self, case: Case, result: Any) -> list[tuple[Any, ...]]:
        """The rows of a frame."""
        return rows_of(result)
