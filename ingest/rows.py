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
