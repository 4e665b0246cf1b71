"""The statements that compress metadata again."""

from audit_store.engines.protocol import Query

GUARD = "events_keep_values"


def groups() -> Query:
    """Rows first_row (rowid), blocks, is_zstd: how the metadata of each group of rows is kept, in order."""
    return Query(
        "SELECT (sum(rows) OVER (ORDER BY row_group_id) - rows)::BIGINT AS first_row, blocks, is_zstd "
        "FROM (SELECT row_group_id, sum(count) AS rows, count(*) AS blocks, "
        "bool_and(compression = 'ZSTD') AS is_zstd FROM pragma_storage_info('events') "
        "WHERE column_name = 'metadata' AND segment_type <> 'VALIDITY' GROUP BY ALL) ORDER BY row_group_id"
    )


def metadata_of(row: int) -> Query:
    """One row: metadata of the event with this rowid."""
    return Query("SELECT metadata::VARCHAR FROM events WHERE rowid = $row", {"row": row})


def allow_updates() -> Query:
    """Drop the trigger that refuses updates."""
    return Query(f"DROP TRIGGER IF EXISTS {GUARD} ON events")


def set_metadata(row: int, value: str) -> Query:
    """Give the event with this rowid a metadata text."""
    return Query("UPDATE events SET metadata = $value WHERE rowid = $row", {"value": value, "row": row})
