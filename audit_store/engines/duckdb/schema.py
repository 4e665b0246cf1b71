"""Creates the tables of a new store from schema.sql."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from audit_store.engines.duckdb import file_queries
from audit_store.engines.duckdb.alarm_records import tables as alarm_tables
from audit_store.engines.duckdb.connection import Connection, statements_of
from audit_store.engines.duckdb.rollups import tables as rollup_tables
from audit_store.engines.duckdb.rollups.rollup import NAMES
from audit_store.errors import StoreCorrupt
from audit_store.event import fresh_id

ROW_GROUP = 122_880
"""How many rows DuckDB compresses together; rows inserted in whole groups are not rewritten later."""

SCHEMA_VERSION = 1
_SCHEMA = Path(__file__).with_name("schema.sql")


def create_tables(connection: Connection, path: Path) -> None:
    """Make a store of an empty DuckDB file; a file that is a store already gets the tables that it lacks.

    Raises StoreCorrupt for a file that holds other tables.
    """
    tables = [name for (name,) in connection.execute(file_queries.tables().sql).fetchall()]
    if "store_info" in tables:
        if not set(tables).issuperset(NAMES):
            _in_transaction(connection, lambda: rollup_tables.create(connection, tables))
        if not set(tables).issuperset(alarm_tables.NAMES):
            _in_transaction(connection, lambda: alarm_tables.create(connection, tables))
        return
    if tables:
        raise StoreCorrupt(f"{path} is a DuckDB file but not an audit store: it has the table {tables[0]!r}")
    _in_transaction(connection, lambda: _create_all(connection))


def _create_all(connection: Connection) -> None:
    for statement in statements():
        connection.execute(statement)
    rollup_tables.create(connection, ())
    alarm_tables.create(connection, ())
    now = datetime.now(UTC).replace(tzinfo=None)
    identity = file_queries.introduce(str(fresh_id()), SCHEMA_VERSION, now)
    connection.execute(identity.sql, identity.params)


def _in_transaction(connection: Connection, work: Callable[[], object]) -> None:
    connection.execute("BEGIN")
    work()
    connection.execute("COMMIT")
    connection.checkpoint()


def statements() -> list[str]:
    """The statements of schema.sql."""
    return statements_of(_SCHEMA)
