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
    columns = ", ".join([rollup.bucket, *rollup.columns])
    quarter = upkeep_sql.quarter_of_event(rollup)
    return Query(
        f"SELECT count(*) FROM (SELECT {columns} FROM (SELECT {columns}, events, {rollup.quarters or '[]'} AS quarters "
        f"FROM {rollup.name} WHERE {rollup.bucket} >= $start AND {rollup.bucket} < $end "
        f"UNION ALL SELECT {upkeep_sql.bucket_of_event(rollup)}, {', '.join(rollup.columns)}, -1, "
        f"{f'[{quarter}]' if rollup.quarters else '[]'} FROM events "
        f"WHERE seq < {tables_sql.covered(rollup)} AND {upkeep_sql.is_counted(rollup)} "
        f"AND occurred_at >= $start AND occurred_at < $end) GROUP BY {columns} "
        f"HAVING sum(events) <> 0 OR {_quarters('events > 0')} IS DISTINCT FROM {_quarters('events < 0')})",
        {"start": start, "end": end},
    )


def _quarters(rows: str) -> str:
    return f"list_sort(flatten(list(quarters) FILTER ({rows})))"
