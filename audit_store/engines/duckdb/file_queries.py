"""The statements about a file as a whole: which tables it holds, which store it is, and where that ends."""

from datetime import datetime

from audit_store.engines.protocol import Query


def tables() -> Query:
    """Rows name: the tables that the file holds."""
    return Query("SELECT table_name AS name FROM duckdb_tables() ORDER BY name")


def metadata_blocks() -> Query:
    """Rows block_id: the blocks of the file that hold its metadata."""
    return Query("SELECT block_id FROM pragma_metadata_info() ORDER BY block_id")


def introduce(store_id: str, version: int, created_at: datetime) -> Query:
    """Note what a new store is."""
    params = {"store_id": store_id, "version": version, "created_at": created_at}
    return Query("INSERT INTO store_info VALUES ($store_id, $version, $created_at)", params)


def position() -> Query:
    """One row: store_id (text), last seq (-1 without events)."""
    return Query(
        "SELECT store_id::VARCHAR AS store_id, (SELECT coalesce(max(seq), -1) FROM events) AS last_seq FROM store_info"
    )
