"""How the roll-ups are created, and what statements know of them."""

from collections.abc import Sequence
from typing import Any

from audit_store import catalogue
from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.rollups import tables_sql
from audit_store.engines.duckdb.rollups.rollup import LIST, NAMES, ROLLUPS, Rollup


def create(connection: Connection, tables: Sequence[str]) -> None:
    """Create the roll-ups, empty, that are not among the store's `tables`; all of them where their list is not."""
    if LIST in tables:
        _create(connection, [name for name in NAMES if name not in tables])
    else:
        create_anew(connection)


def create_anew(connection: Connection) -> None:
    """Put empty roll-ups in the place of all that there are."""
    for name in NAMES:
        rows_of(connection, tables_sql.drop(name))
    _create(connection, NAMES)


def _create(connection: Connection, names: Sequence[str]) -> None:
    for name in names:
        for statement in tables_sql.definitions_of(name):
            connection.execute(statement)
    logins = sorted(catalogue.load().logins)
    for rollup in ROLLUPS:
        if rollup.name in names:
            rows_of(connection, tables_sql.forget(rollup))
            rows_of(connection, tables_sql.introduce(rollup, logins if rollup.of_logins else None))


def recreate(connection: Connection, rollup: Rollup) -> None:
    """Put an empty table in the place of a roll-up, of which nothing is read."""
    rows_of(connection, tables_sql.drop(rollup.name))
    for statement in tables_sql.definitions_of(rollup.name):
        connection.execute(statement)


def read_coverage(connection: Connection) -> None:
    """Let statements know what each roll-up covers, by a variable of the connection.

    Raises the database's error where a table is missing.
    """
    rows = rows_of(connection, tables_sql.coverage())
    variable: dict[str, Any] = {rollup.name: 0 for rollup in ROLLUPS}
    variable |= {name: covered for name, covered, _ in rows}
    variable["activities"] = [activity for _, _, activities in rows for activity in activities or ()]
    rows_of(connection, tables_sql.set_coverage(variable))


def stand_in(connection: Connection) -> None:
    """Create empty roll-ups for this connection alone."""
    for statement in tables_sql.temporary():
        connection.execute(statement)
