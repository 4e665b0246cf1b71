"""Compares every cell of the roll-ups with the events."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.rollups import check_sql, tables_sql, upkeep
from audit_store.engines.duckdb.rollups.rollup import DAY, ROLLUPS
from audit_store.event import EARLIEST, LATEST
from audit_store.quantities import counted

STRETCH_EVENTS = 1_000_000
"""About how many events are compared at once: memory is bounded by it."""


def differences(connection: Connection) -> list[str]:
    """A sentence for each roll-up that does not agree with the events; roll-ups that are missing count nothing."""
    names = {name for name, _, _ in rows_of(connection, tables_sql.coverage())}
    if not names:
        return []
    [times] = rows_of(connection, check_sql.times())
    sentences = []
    for rollup in ROLLUPS:
        if rollup.name not in names:
            sentences.append(f"{rollup.name}: it is not listed in rollups")
            continue
        if not upkeep.is_whole(connection, rollup):
            sentences.append(f"{rollup.name}: it cannot be read")
            continue
        cells = sum(
            rows_of(connection, check_sql.different_cells(rollup, *stretch))[0][0]
            for stretch in _stretches(max(rollup.width, DAY), *times)
        )
        if cells or upkeep.is_damaged(connection, rollup):
            sentences.append(f"{rollup.name}: {counted(cells, 'cell')} not equal to the events")
    return sentences


def _stretches(
    width: timedelta, events: int, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Whole buckets of `width` that together are all of time, with about STRETCH_EVENTS where events spread evenly."""
    start, end = EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None)
    if events:
        span = (last - first) // width + 1
        length = min(max(span * STRETCH_EVENTS // events, 1), span) * width
        moment = start + (first - start) // width * width + length
        while moment <= last:
            yield start, moment
            start, moment = moment, moment + length
    yield start, end
