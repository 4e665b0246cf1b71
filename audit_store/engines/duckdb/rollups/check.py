"""Compares every cell of the roll-ups with the events."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.rollups import upkeep_sql
from audit_store.engines.duckdb.rollups.tables import DAY, ROLLUPS, Rollup
from audit_store.engines.protocol import Query
from audit_store.event import EARLIEST, LATEST
from audit_store.quantities import counted

STRETCH_EVENTS = 1_000_000
"""About how many events are compared at once: memory is bounded by it."""


def differences(connection: Connection) -> list[str]:
    """A sentence for each roll-up that does not agree with the events; roll-ups that are missing count nothing."""
    names = {name for (name,) in connection.execute("SELECT name FROM rollups").fetchall()}
    if not names:
        return []
    stretches = list(_stretches(connection))
    sentences = []
    for rollup in ROLLUPS:
        if rollup.name not in names:
            sentences.append(f"{rollup.name}: it is not listed in rollups")
            continue
        cells = sum(rows_of(connection, _different(rollup, *stretch))[0][0] for stretch in stretches)
        imbalance = rows_of(connection, upkeep_sql.imbalance(rollup))
        if cells or imbalance != [(0, 0)]:
            sentences.append(f"{rollup.name}: {counted(cells, 'cell')} not equal to the events")
    return sentences


def _stretches(connection: Connection) -> Iterator[tuple[datetime, datetime]]:
    """Whole days that together are all of time, with about STRETCH_EVENTS each where events are spread evenly."""
    [(events, first, last)] = rows_of(
        connection, Query("SELECT count(*), min(occurred_at), max(occurred_at) FROM events")
    )
    start, end = EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)
    if events:
        span = (last - first) // DAY + 1
        days = min(max(span * STRETCH_EVENTS // events, 1), span)
        moment = datetime.combine(first, datetime.min.time()) + days * DAY
        while moment <= last:
            yield start, moment
            start, moment = moment, moment + timedelta(days=days)
    yield start, end


def _different(rollup: Rollup, start: datetime, end: datetime) -> Query:
    """One row: how many cells of a stretch differ from the events."""
    columns = ", ".join(rollup.columns)
    return Query(
        f"SELECT count(*) FROM (SELECT {rollup.bucket}, {columns} FROM ("
        f"SELECT {rollup.bucket}, {columns}, events FROM {rollup.name} "
        f"WHERE {rollup.bucket} >= $start AND {rollup.bucket} < $end "
        f"UNION ALL SELECT {upkeep_sql.bucket_of_event(rollup)}, {columns}, -1 FROM events "
        f"WHERE seq < getvariable('covered_{rollup.name}') AND {upkeep_sql.is_counted(rollup)} "
        "AND occurred_at >= $start AND occurred_at < $end) GROUP BY ALL HAVING sum(events) <> 0)",
        {"start": start, "end": end},
    )
