"""The statements that keep the roll-ups in step with the events."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from audit_store.engines.duckdb.rollups.rollup import QUARTER, Rollup
from audit_store.engines.protocol import Query


def coverages() -> Query:
    """Rows name, covered, stored (events in the store), activities; the least covered roll-up first."""
    return Query(
        "SELECT name, covered, (SELECT coalesce(max(seq) + 1, 0) FROM events) AS stored, "
        "coalesce(activities, []) AS activities FROM rollups ORDER BY covered, name"
    )


def count_events(rollup: Rollup, first: int, end: int) -> Query:
    """Add the cells of the events with `first` <= seq < `end` to a roll-up."""
    quarters = f", list({quarter_of_event(rollup)})" if rollup.quarters else ""
    return Query(
        f"INSERT INTO {rollup.name} "
        f"SELECT {bucket_of_event(rollup)}, {', '.join(rollup.columns)}, count(*){quarters} "
        f"FROM events WHERE {is_counted(rollup)} AND seq >= $first AND seq < $end GROUP BY ALL",
        {"first": first, "end": end},
    )


def note_covered(rollup: Rollup, first: int, end: int) -> Query:
    """Note that a roll-up counts the events with `first` <= seq < `end` too."""
    counted = (
        f"(SELECT count(*) FROM events WHERE {is_counted(rollup)} AND seq >= $first AND seq < $end)"
        if rollup.of_logins
        else "($end - $first)"
    )
    return Query(
        f"UPDATE rollups SET covered = $end, events = events + {counted} WHERE name = $name",
        {"name": rollup.name, "first": first, "end": end},
    )


def imbalance(rollup: Rollup) -> Query:
    """One row cells, notes: how many events they count that they should not; both 0 where a roll-up is whole."""
    stored = "(SELECT coalesce(max(seq) + 1, 0) FROM events)"
    events = "least(covered, events)" if rollup.of_logins else "covered"
    return Query(
        f"SELECT (SELECT coalesce(sum({_events(rollup)}), 0) FROM {rollup.name})::BIGINT - events AS cells, "
        f"(abs(events - {events}) + greatest(covered - {stored}, 0))::BIGINT AS notes "
        "FROM rollups WHERE name = $name",
        {"name": rollup.name},
    )


def every_value(rollup: Rollup) -> Query:
    """One row, for which every block of a roll-up has to be read."""
    columns = [rollup.bucket, *rollup.columns, "events", *([rollup.quarters] if rollup.quarters else [])]
    return Query(f"SELECT bit_xor(hash({', '.join(columns)})) FROM {rollup.name}")


def note_empty(rollup: Rollup) -> Query:
    """Note that a roll-up counts nothing."""
    return Query(
        "UPDATE rollups SET covered = 0, events = 0, compacted_rows = 0, compacting = NULL WHERE name = $name",
        {"name": rollup.name},
    )


def set_activities(rollup: Rollup, activities: Sequence[str]) -> Query:
    """Note which activities a roll-up counts."""
    return Query(
        "UPDATE rollups SET activities = $activities::VARCHAR[] WHERE name = $name",
        {"name": rollup.name, "activities": list(activities)},
    )


def compaction_state(rollup: Rollup) -> Query:
    """One row: rows of a roll-up, compacted_rows, compacting."""
    return Query(
        f"SELECT (SELECT count(*) FROM {rollup.name}), compacted_rows, compacting FROM rollups WHERE name = $name",
        {"name": rollup.name},
    )


def stretch_end(rollup: Rollup, start: datetime, most_rows: int) -> Query:
    """One row: the first bucket after a stretch of at most `most_rows` rows from `start` on, but one bucket at least.

    NULL where the stretch reaches to the last bucket.
    """
    return Query(
        f"SELECT min({rollup.bucket}) FROM (SELECT {rollup.bucket}, sum(count(*)) OVER (ORDER BY {rollup.bucket}) "
        f"AS rows, row_number() OVER (ORDER BY {rollup.bucket}) AS number FROM {rollup.name} "
        f"WHERE {rollup.bucket} >= $start GROUP BY {rollup.bucket}) WHERE rows > $most_rows AND number > 1",
        {"start": start, "most_rows": most_rows},
    )


def take_stretch(rollup: Rollup, start: datetime, end: datetime) -> Query:
    """Add up the cells with `start` <= bucket < `end` into the table `compacted`."""
    key = f"{rollup.bucket}, {', '.join(rollup.columns)}"
    quarters = f", flatten(list({rollup.quarters}))" if rollup.quarters else ""
    return Query(
        f"CREATE OR REPLACE TEMP TABLE compacted AS SELECT {key}, sum(events)::BIGINT AS events{quarters} "
        f"FROM {rollup.name} WHERE {_stretch(rollup)} GROUP BY {key} ORDER BY {key}",
        {"start": start, "end": end},
    )


def repeated_cells(rollup: Rollup, start: datetime, end: datetime) -> Query:
    """One row: how many rows of the stretch `compacted` saves."""
    return Query(
        f"SELECT count(*) - (SELECT count(*) FROM compacted) FROM {rollup.name} WHERE {_stretch(rollup)}",
        {"start": start, "end": end},
    )


def delete_stretch(rollup: Rollup, start: datetime, end: datetime) -> Query:
    """Delete the cells with `start` <= bucket < `end`."""
    return Query(f"DELETE FROM {rollup.name} WHERE {_stretch(rollup)}", {"start": start, "end": end})


def insert_stretch(rollup: Rollup) -> Query:
    """Add the cells in `compacted`."""
    return Query(f"INSERT INTO {rollup.name} FROM compacted")


def note_compacting(rollup: Rollup, bucket: datetime) -> Query:
    """Note that the buckets before this one are compacted."""
    return Query(
        "UPDATE rollups SET compacting = $bucket WHERE name = $name", {"name": rollup.name, "bucket": bucket}
    )


def note_compacted(rollup: Rollup) -> Query:
    """Note that a compaction has come to the end."""
    return Query(
        f"UPDATE rollups SET compacting = NULL, compacted_rows = (SELECT count(*) FROM {rollup.name}) "
        "WHERE name = $name",
        {"name": rollup.name},
    )


def bucket_of_event(rollup: Rollup) -> str:
    """The bucket of a roll-up in which an event lies."""
    return (
        f"time_bucket(to_seconds({int(rollup.width.total_seconds())}), occurred_at, TIMESTAMP '1970-01-01')"
    )


def quarter_of_event(rollup: Rollup) -> str:
    """In which quarter of an hour of its bucket an event lies, from 0."""
    quarter = QUARTER // timedelta(microseconds=1)
    return f"(epoch_us(occurred_at) // {quarter} % {rollup.width // QUARTER})::UTINYINT"


def is_counted(rollup: Rollup) -> str:
    """A condition for the events that a roll-up counts."""
    if not rollup.of_logins:
        return "true"
    return f"activity IN (SELECT unnest(activities) FROM rollups WHERE name = '{rollup.name}')"


def _events(rollup: Rollup) -> str:
    """The events of a cell; another number where it lists another number of quarters of an hour."""
    return f"CASE WHEN len({rollup.quarters}) = events THEN events END" if rollup.quarters else "events"


def _stretch(rollup: Rollup) -> str:
    return f"{rollup.bucket} >= $start AND {rollup.bucket} < $end"
