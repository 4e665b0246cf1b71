"""How the tables of alarms are created, also in a file that an older program made."""

from collections.abc import Collection

from audit_store.engines.duckdb.alarm_records import tables_sql
from audit_store.engines.duckdb.connection import Connection, rows_of

NAMES = tables_sql.NAMES


def create(connection: Connection, tables: Collection[str]) -> None:
    """Create those that are missing among the store's `tables`, and the view."""
    for statement in tables_sql.definitions(tables):
        connection.execute(statement)


def stand_in(connection: Connection) -> None:
    """Create empty tables, and the view, for this connection alone."""
    for statement in tables_sql.temporary():
        connection.execute(statement)


def look_up(connection: Connection) -> None:
    """Raise the database's error where a table or the view is missing."""
    rows_of(connection, tables_sql.look_up())
