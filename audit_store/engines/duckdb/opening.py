"""How a file is opened: the settings of its connection, and what is found out about it at once."""

import os
from pathlib import Path

from audit_store.engines.duckdb import file_queries, queries
from audit_store.engines.duckdb.alarm_records import tables as alarm_tables
from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.error_translation import MissingTable, is_readable
from audit_store.engines.duckdb.rollups import tables
from audit_store.engines.duckdb.schema import SCHEMA_VERSION
from audit_store.engines.settings import Limits
from audit_store.errors import StoreCorrupt, StoreNewer, StoreNotFound

Settings = dict[str, str | bool | int | float | list[str]]
SAFE: Settings = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_LOCKED = SAFE | {"enable_external_access": "false", "lock_configuration": "true"}


def read_coverage(connection: Connection) -> None:
    """Let statements know what the roll-ups of the file cover: nothing, where it has none or the list is damaged."""
    try:
        is_known = is_readable(lambda: tables.read_coverage(connection))
    except MissingTable:  # an older program wrote the file
        is_known = False
    if not is_known:
        tables.stand_in(connection)
        tables.read_coverage(connection)


def find_alarm_records(connection: Connection) -> None:
    """Let statements over the records of alarms find none, where the file has no tables of them."""
    try:
        alarm_tables.look_up(connection)
    except MissingTable:  # an older program wrote the file
        alarm_tables.stand_in(connection)


def check_version(connection: Connection, path: Path) -> None:
    """Raise StoreNotFound, StoreCorrupt or StoreNewer unless the file is a store that this program knows."""
    try:
        row = connection.execute(queries.schema_version().sql).fetchone()
    except MissingTable as error:
        if not connection.execute(file_queries.tables().sql).fetchall():
            raise StoreNotFound(f"{path} is empty; append an event to begin") from error
        raise StoreCorrupt(
            f"{path} is a DuckDB file but not an audit store: it has no table store_info"
        ) from error
    if row is None or row[0] > SCHEMA_VERSION:
        raise StoreNewer(
            f"{path} has schema version {row and row[0]}, and this program knows {SCHEMA_VERSION}; "
            "update this program"
        )


def config(file: Path, limits: Limits, *, read_only: bool) -> Settings:
    """The settings of a connection to a file: what it may use, and what it may do besides."""
    settings = (_LOCKED if read_only else SAFE) | {
        "memory_limit": f"{limits.memory_mb}MB",
        "threads": limits.threads,
    }
    if not os.access(file.parent, os.W_OK):
        settings["temp_directory"] = (
            ""  # else a statement that needs more memory fails as if the file was damaged
        )
    return settings
