"""What the modules of this engine need of a connection to DuckDB, which only `store` opens."""

import re
from pathlib import Path
from typing import Any, Protocol

from audit_store.engines.protocol import Query


class Connection(Protocol):
    """An open database."""

    def execute(self, query: str, parameters: object = None) -> Any:
        """Run a statement; gives its result."""

    def cursor(self) -> Any:
        """Another connection to the same database, for a thread of its own."""

    def sql(self, query: str, *, params: object = None) -> Any:
        """A statement that runs when its rows are taken."""

    def complete(self) -> Any:
        """Finish the statement that runs, so that another may begin."""

    def register(self, view_name: str, python_object: object) -> Any:
        """Make an Arrow table readable under a name."""

    def unregister(self, view_name: str) -> Any:
        """Forget that name."""

    def checkpoint(self) -> Any:
        """Write everything into the database's own file."""

    def close(self) -> None:
        """Close the database."""

    def interrupt(self) -> None:
        """Stop the statement that another thread runs."""


def statements_of(file: Path) -> list[str]:
    """The statements of a file of SQL: each ends with a semicolon at the end of a line, and is without its comments."""
    parts = re.split(r";\n", file.read_text(encoding="utf-8"))
    return [re.sub(r"\A(--.*\n|\s)*", "", part).strip() for part in parts if part.strip()]


def rows_of(connection: Connection, statement: Query) -> list[tuple[Any, ...]]:
    """Run a statement; gives its rows."""
    rows: list[tuple[Any, ...]] = connection.execute(statement.sql, statement.params).fetchall()
    return rows
