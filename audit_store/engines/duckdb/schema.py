"""Makes the tables of a new store, as schema.sql has them."""

import re
from datetime import UTC, datetime
from pathlib import Path

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.connection import Connection
from audit_store.errors import StoreCorrupt
from audit_store.event import fresh_id

# Rows that DuckDB compresses together. Those that come in whole groups it need not put together again.
ROW_GROUP = 122_880

SCHEMA_VERSION = 1
_SCHEMA = Path(__file__).with_name("schema.sql")


def create_tables(connection: Connection, path: Path) -> None:
    """Make a store of an empty DuckDB file; one that is a store already stays as it is.

    Raises StoreCorrupt for a file that holds other tables.
    """
    found = [name for (name,) in connection.execute(queries.tables().sql).fetchall()]
    if "store_info" in found:
        return
    if found:
        raise StoreCorrupt(f"{path} is a DuckDB file, but no audit store: it has the table {found[0]!r}")
    connection.execute("BEGIN")
    for statement in re.split(r";\n", _SCHEMA.read_text(encoding="utf-8")):
        if statement.strip():
            connection.execute(statement)
    now = datetime.now(UTC).replace(tzinfo=None)
    first = queries.introduce(str(fresh_id()), SCHEMA_VERSION, now)
    connection.execute(first.sql, first.params)
    connection.execute("COMMIT")
    connection.execute("CHECKPOINT")
