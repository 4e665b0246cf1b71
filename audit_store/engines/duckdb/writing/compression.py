"""Metadata that an older schema compressed poorly is compressed again, a group of rows at a time."""

from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.schema import statements
from audit_store.engines.duckdb.writing import compression_sql

LEAST_BLOCKS = 16
"""Blocks of 256 KiB from which on a group of rows is worth the work: zstd alone needs two for the lengths of texts."""


def compress_a_group(connection: Connection) -> bool:
    """Compress one group; gives whether more of them remain."""
    rows = _poorly_compressed(connection)
    if not rows:
        return False
    _write_anew(connection, rows[0])
    return 0 < len(_poorly_compressed(connection)) < len(rows)


def _poorly_compressed(connection: Connection) -> list[int]:
    """The first row of each such group but the last of the table, which folds write anew as it grows."""
    stored = rows_of(connection, compression_sql.groups())[:-1]
    return [row for row, blocks, is_zstd in stored if not is_zstd and blocks >= LEAST_BLOCKS]


def _write_anew(connection: Connection, first_row: int) -> None:
    """Have a checkpoint write a column of a group of rows, by an update of its first row that changes nothing."""
    [guard] = [statement for statement in statements() if f"TRIGGER {compression_sql.GUARD} " in statement]
    [(metadata,)] = rows_of(connection, compression_sql.metadata_of(first_row))
    connection.execute("BEGIN")
    rows_of(connection, compression_sql.allow_updates())
    # An update to the same value would be left out.
    for value in (f"{metadata} ", metadata):
        rows_of(connection, compression_sql.set_metadata(first_row, value))
    connection.execute(guard)
    connection.execute("COMMIT")
    connection.execute("SET force_compression = 'zstd'")
    connection.checkpoint()
    connection.execute("SET force_compression = 'auto'")
