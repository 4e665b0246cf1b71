"""A few statements on one open connection, each with a time limit."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.protocol import Query
from audit_store.errors import AuditStoreError, QueryTimeout, QueryTooLarge

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Reader:
    """Runs statements; `translated` turns the database's errors into ours.

    A statement that takes longer than `query_seconds` raises QueryTimeout.
    """

    def __init__(
        self,
        connection: Connection,
        translated: Callable[[], AbstractContextManager[None]],
        query_seconds: float,
    ) -> None:
        self._connection, self._translated, self._query_seconds = connection, translated, query_seconds

    def run(self, query: Query) -> "pd.DataFrame":
        """The rows of a statement."""
        with self._limited():
            frame: pd.DataFrame = self._connection.execute(query.sql, query.params).df()
            return frame

    def arrow(self, query: Query) -> "pa.Table":
        """The rows of a statement as an Arrow table."""
        with self._limited():
            self._connection.complete()  # a relation needs the connection to itself
            table: pa.Table = self._connection.sql(query.sql, params=query.params).to_arrow_table()
            return table

    def salvage(self, query: Query) -> "pa.Table | None":
        """The rows of a statement, and None where the file is damaged; other parts of it may still be readable."""
        try:
            return self.arrow(query)
        except (QueryTimeout, QueryTooLarge):
            raise
        except AuditStoreError:
            return None

    def one(self, query: Query) -> tuple[Any, ...]:
        """The first row of a statement that always has one."""
        with self._limited():
            row = self._connection.execute(query.sql, query.params).fetchone()
        if row is None:
            raise AuditStoreError("the statement gave no row")
        return tuple(row)

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        timer = threading.Timer(self._query_seconds, self._connection.interrupt)
        timer.start()
        try:
            with self._translated():
                yield
        finally:
            timer.cancel()
