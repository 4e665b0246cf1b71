"""Adds up the cells that several steps counted for the same bucket, a stretch of time in each transaction."""

from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.rollups import upkeep_sql
from audit_store.engines.duckdb.rollups.rollup import Rollup
from audit_store.event import EARLIEST, LATEST

LEAST_ROWS = 1_000_000
"""New rows of a roll-up from which on a compaction is worth the work."""
STEP_ROWS = 250_000
"""Rows that are added up in one step, for which the store is held."""
_EARLIEST, _LATEST = EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)


def is_due(connection: Connection, rollup: Rollup) -> bool:
    """Whether a roll-up has twice the rows it needs, or more, or a compaction of it has begun."""
    [(rows, compacted_rows, start)] = rows_of(connection, upkeep_sql.compaction_state(rollup))
    return start is not None or rows - compacted_rows > max(LEAST_ROWS, compacted_rows)


def compact(connection: Connection, rollup: Rollup) -> None:
    """Compact one stretch of a roll-up, in the caller's transaction."""
    [(_, _, begun)] = rows_of(connection, upkeep_sql.compaction_state(rollup))
    start = begun or _EARLIEST
    [(end,)] = rows_of(connection, upkeep_sql.stretch_end(rollup, start, STEP_ROWS))
    stretch = rollup, start, end or _LATEST
    rows_of(connection, upkeep_sql.take_stretch(*stretch))
    if rows_of(connection, upkeep_sql.repeated_cells(*stretch)) != [(0,)]:
        rows_of(connection, upkeep_sql.delete_stretch(*stretch))
        rows_of(connection, upkeep_sql.insert_stretch(rollup))
    rows_of(connection, upkeep_sql.note_compacting(rollup, end) if end else upkeep_sql.note_compacted(rollup))
