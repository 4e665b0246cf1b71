"""The statements of a fold: rows of the table `waiting`, numbered by `position` from 0, become events."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from audit_store.engines.fold_results import FoldCounts
from audit_store.engines.protocol import Query
from audit_store.event import BODY, FIELDS

KEPT_HOURS = 1
_COMPARED = [name for name in BODY if name not in ("source", "metadata")]
_VALUES = ", ".join(BODY)


def _differs(new: str, old: str) -> str:
    pairs = " OR ".join(f"{new}.{name} IS DISTINCT FROM {old}.{name}" for name in _COMPARED)
    return (
        f"({pairs} OR {new}.metadata IS DISTINCT FROM {old}.metadata::VARCHAR "
        f"OR ({new}.timed AND {new}.occurred_at <> {old}.occurred_at))"
    )


def take_rows() -> Query:
    """Make the view `incoming`: the rows of `waiting`, typed."""
    return Query(
        "CREATE OR REPLACE TEMP VIEW incoming AS "
        "SELECT * REPLACE (event_id::UUID AS event_id, occurred_at::TIMESTAMP AS occurred_at) FROM waiting"
    )


def find_stored_keys() -> Query:
    """Make the table `refused` (position, seq, differs): rows whose key is in the store already.

    A key that came with its event is searched for in the whole store. A generated one can only return with a
    copied segment, with the same time: there the zone maps of `occurred_at` bound the search.
    """
    # Keys alone first: a hash table of whole rows costs several times as much, and hardly any key is stored already.
    matches = (
        "SELECT i.position, e.seq FROM (SELECT position, event_id, source FROM incoming WHERE {0}) i "
        "JOIN events e ON e.event_id = i.event_id AND e.source = i.source"
    )
    return Query(
        "CREATE OR REPLACE TEMP TABLE refused AS WITH stored AS MATERIALIZED ("
        f"{matches.format('keyed')} UNION ALL {matches.format('NOT keyed')} "
        "WHERE e.occurred_at >= (SELECT min(occurred_at) FROM incoming WHERE NOT keyed) "
        "AND e.occurred_at <= (SELECT max(occurred_at) FROM incoming WHERE NOT keyed)) "
        f"SELECT position, seq, {_differs('i', 'e')} AS differs "
        "FROM stored JOIN incoming i USING (position) JOIN events e USING (seq)"
    )


def find_repeated_keys() -> Query:
    """Add to `refused` the rows that repeat the key of an earlier row of the same fold."""
    return Query(
        # Ids alone first: hardly any occurs twice, whatever its source.
        "INSERT INTO refused WITH duplicates AS MATERIALIZED ("
        "SELECT event_id FROM incoming GROUP BY ALL HAVING count(*) > 1), repeated AS ("
        "SELECT source, event_id, min(position) AS first FROM incoming SEMI JOIN duplicates USING (event_id) "
        "GROUP BY ALL HAVING count(*) > 1) "
        f"SELECT i.position, NULL, {_differs('i', 'f')} FROM repeated "
        "JOIN incoming i USING (source, event_id) JOIN incoming f ON f.position = repeated.first "
        "WHERE i.position > repeated.first AND i.position NOT IN (SELECT position FROM refused)"
    )


def insert_events(recorded_at: datetime) -> Query:
    """Append what was not refused; `seq` goes on without a gap, in the order of `position`."""
    return Query(
        "INSERT INTO events "
        "SELECT (SELECT coalesce(max(seq) + 1, 0) FROM events) + row_number() OVER (ORDER BY position) - 1, "
        "event_id, occurred_at, $now, "
        f"{_VALUES} "
        "FROM incoming WHERE position NOT IN (SELECT position FROM refused) ORDER BY position",
        {"now": recorded_at},
    )


def refused_rows() -> Query:
    """One row: how many rows `refused` holds."""
    return Query("SELECT count(*) FROM refused")


def stored_events() -> Query:
    """One row: how many events the store holds."""
    return Query("SELECT coalesce(max(seq) + 1, 0) FROM events")


def insert_all(recorded_at: datetime) -> Query:
    """The same where nothing was refused, without the search for a gap."""
    return Query(
        "INSERT INTO events SELECT (SELECT coalesce(max(seq) + 1, 0) FROM events) + position, event_id, occurred_at, "
        f"$now, {_VALUES} FROM incoming",
        {"now": recorded_at},
    )


def conflicts() -> Query:
    """Rows segment, line, seq, event_id, body (JSON): keys that came with another body."""
    return Query(
        "SELECT DISTINCT segment, line, seq, event_id::VARCHAR, to_json({"
        f"{', '.join(f'{name}: {name}' for name in FIELDS)}"
        "})::VARCHAR AS body "
        "FROM incoming JOIN refused USING (position) WHERE differs ORDER BY ALL"
    )


def outcomes() -> Query:
    """Rows segment, stored, duplicates, conflicts of this fold."""
    return Query(
        "SELECT segment, count(*) FILTER (r.position IS NULL) AS stored, "
        "count(*) FILTER (NOT differs) AS duplicates, count(*) FILTER (differs) AS conflicts "
        "FROM incoming LEFT JOIN (SELECT position, bool_or(differs) AS differs FROM refused GROUP BY position) r "
        "USING (position) GROUP BY ALL"
    )


def folded_segments(names: Sequence[str]) -> Query:
    """Rows name, set_aside: which of these segments were folded before."""
    return Query(
        "SELECT name, set_aside FROM folded_segments WHERE name = ANY($names)", {"names": list(names)}
    )


def note_segments(counts: Mapping[str, FoldCounts], now: datetime) -> Query:
    """Note that these segments, by name, are folded; one with rejects is set aside."""
    values = counts.values()
    return Query(
        "INSERT INTO folded_segments SELECT unnest($names), $now, unnest($set_aside), unnest($stored), "
        "unnest($duplicates), unnest($conflicts), unnest($rejected)",
        {
            "names": list(counts),
            "now": now,
            "set_aside": [count.rejected > 0 for count in values],
            "stored": [count.stored for count in values],
            "duplicates": [count.duplicates for count in values],
            "conflicts": [count.conflicts for count in values],
            "rejected": [count.rejected for count in values],
        },
    )


def forget_segments(present: Sequence[str], now: datetime) -> Query:
    """Drop notes older than an hour whose files are gone."""
    return Query(
        "DELETE FROM folded_segments "
        f"WHERE NOT (name = ANY($present)) AND folded_at < $now - INTERVAL {KEPT_HOURS} HOUR",
        {"present": list(present), "now": now},
    )


def segment_results(names: Sequence[str]) -> Query:
    """One row stored, duplicates, conflicts, rejected, segments: the sum over these segments."""
    return Query(
        "SELECT coalesce(sum(stored), 0)::BIGINT AS stored, "
        "coalesce(sum(duplicates), 0)::BIGINT AS duplicates, "
        "coalesce(sum(conflicts), 0)::BIGINT AS conflicts, "
        "coalesce(sum(rejected), 0)::BIGINT AS rejected, "
        "count(*) AS segments FROM folded_segments WHERE name = ANY($names)",
        {"names": list(names)},
    )
