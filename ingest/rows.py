"""The columns of rows on their way from a file to the store."""

import pyarrow as pa

ROW_SCHEMA = pa.schema(
    (
        pa.field("line", pa.int64(), nullable=False),
        pa.field("event_id", pa.uuid(), nullable=False),
        pa.field("keyed", pa.bool_(), nullable=False),
        pa.field("occurred_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("timed", pa.bool_(), nullable=False),
        pa.field("agent", pa.string(), nullable=False),
        pa.field("activity", pa.string(), nullable=False),
        pa.field("description", pa.string(), nullable=False),
        pa.field("outcome", pa.string()),
        pa.field("source_ip", pa.string()),
        pa.field("target", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("metadata", pa.string(), nullable=False),
    )
)
"""One row an event.

`line` is its line or record number in the file, from 1. `event_id` is the UUID of the store; `keyed` says that it
was given with the event or is derived from its content, and so finds the event again. `timed` says that
`occurred_at` (UTC) was given with the event.
"""
NO_ROWS = pa.Table.from_batches([], ROW_SCHEMA)
REPEATED = ["agent", "activity", "outcome", "source_ip", "target", "source"]
"""The columns with few distinct values."""
CODED_SCHEMA = pa.schema(
    field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.name in REPEATED else field
    for field in ROW_SCHEMA
)
"""The same columns, with each distinct value of the repeated ones once: much of the work costs less so."""


def plain(rows: pa.Table) -> pa.Table:
    """The rows with their coded columns as texts."""
    fields = [field.with_type(pa.string()) if field.name in REPEATED else field for field in rows.schema]
    return rows.cast(pa.schema(fields))
