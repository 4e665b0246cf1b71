"""The statements that compare roll-ups with the events."""

from datetime import datetime

from audit_store.engines.duckdb.rollups import tables_sql, upkeep_sql
from audit_store.engines.duckdb.rollups.rollup import Rollup
from audit_store.engines.protocol import Query


def times() -> Query:
    """One row: events, first and last `occurred_at`."""
    return Query("SELECT count(*), min(occurred_at), max(occurred_at) FROM events")


def different_cells(rollup: Rollup, start: datetime, end: datetime) -> Query:
    """One row: how many cells of a stretch differ from the events."""
    columns = ", ".join(rollup.columns)
    return Query(
        f"SELECT count(*) FROM (SELECT {rollup.bucket}, {columns} FROM ("
        f"SELECT {rollup.bucket}, {columns}, events FROM {rollup.name} "
        f"WHERE {rollup.bucket} >= $start AND {rollup.bucket} < $end "
        f"UNION ALL SELECT {upkeep_sql.bucket_of_event(rollup)}, {columns}, -1 FROM events "
        f"WHERE seq < {tables_sql.covered(rollup)} AND {upkeep_sql.is_counted(rollup)} "
        "AND occurred_at >= $start AND occurred_at < $end) GROUP BY ALL HAVING sum(events) <> 0)",
        {"start": start, "end": end},
    )
