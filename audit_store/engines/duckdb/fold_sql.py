"""The statements of a fold: the rows of a table `waiting`, `place` from 0, become events, each key once."""

from datetime import datetime

from audit_store.engines.duckdb.queries import Query

KEPT_HOURS = 1

_BODY = ("agent", "activity", "description", "outcome", "source_ip", "target")


def _differs(new: str, old: str) -> str:
    pairs = " OR ".join(f"{new}.{name} IS DISTINCT FROM {old}.{name}" for name in _BODY)
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


def find_seen() -> Query:
    """Make the table `refused` (place, seq, differs): rows whose key is in the store already.

    A key that came with its event is looked for in the whole store. A fresh one can only return with a copied
    segment, with the time it had: there the zone maps of `occurred_at` bound the search.
    """
    # Keys alone first: a hash table of whole rows costs several times as much, mostly for nothing.
    found = (
        "SELECT i.place, e.seq FROM (SELECT place, event_id, source FROM incoming WHERE {0}) i "
        "JOIN events e ON e.event_id = i.event_id AND e.source = i.source"
    )
    return Query(
        "CREATE OR REPLACE TEMP TABLE refused AS WITH seen AS MATERIALIZED ("
        f"{found.format('keyed')} UNION ALL {found.format('NOT keyed')} "
        "WHERE e.occurred_at >= (SELECT min(occurred_at) FROM incoming WHERE NOT keyed) "
        "AND e.occurred_at <= (SELECT max(occurred_at) FROM incoming WHERE NOT keyed)) "
        f"SELECT place, seq, {_differs('i', 'e')} AS differs "
        "FROM seen JOIN incoming i USING (place) JOIN events e USING (seq)"
    )


def find_repeated() -> Query:
    """Add to `refused` the rows that repeat the key of an earlier row of the same fold."""
    return Query(
        # Ids alone first: hardly any stands twice, whatever its source.
        "INSERT INTO refused WITH twice AS MATERIALIZED ("
        "SELECT event_id FROM incoming GROUP BY ALL HAVING count(*) > 1), repeated AS ("
        "SELECT source, event_id, min(place) AS first FROM incoming SEMI JOIN twice USING (event_id) "
        "GROUP BY ALL HAVING count(*) > 1) "
        f"SELECT i.place, NULL, {_differs('i', 'f')} FROM repeated "
        "JOIN incoming i USING (source, event_id) JOIN incoming f ON f.place = repeated.first "
        "WHERE i.place > repeated.first AND i.place NOT IN (SELECT place FROM refused)"
    )


def insert_events(recorded_at: datetime) -> Query:
    """Append what was not refused; `seq` goes on without a gap, in the order of `place`."""
    return Query(
        "INSERT INTO events "
        "SELECT (SELECT coalesce(max(seq) + 1, 0) FROM events) + row_number() OVER (ORDER BY place) - 1, "
        "event_id, occurred_at, $now, agent, activity, description, outcome, source_ip, target, source, "
        "metadata "
        "FROM incoming WHERE place NOT IN (SELECT place FROM refused) ORDER BY place",
        {"now": recorded_at},
    )


def refused_rows() -> Query:
    """One row: how many rows `refused` holds."""
    return Query("SELECT count(*) FROM refused")


def insert_all(recorded_at: datetime) -> Query:
    """The same where nothing was refused, without the search for a gap."""
    return Query(
        "INSERT INTO events SELECT (SELECT coalesce(max(seq) + 1, 0) FROM events) + place, event_id, occurred_at, "
        "$now, agent, activity, description, outcome, source_ip, target, source, metadata FROM incoming",
        {"now": recorded_at},
    )


def conflicts() -> Query:
    """Rows segment, line, seq, event_id, body (JSON): keys that came with another body."""
    return Query(
        "SELECT DISTINCT segment, line, seq, event_id::VARCHAR, to_json({agent: agent, activity: activity, "
        "description: description, occurred_at: occurred_at, outcome: outcome, source_ip: source_ip, "
        "target: target, source: source, event_id: event_id, metadata: metadata})::VARCHAR AS body "
        "FROM incoming JOIN refused USING (place) WHERE differs ORDER BY ALL"
    )


def outcomes() -> Query:
    """Rows segment, stored, duplicates, conflicts of this fold."""
    return Query(
        "SELECT segment, count(*) FILTER (r.place IS NULL) AS stored, "
        "count(*) FILTER (NOT differs) AS duplicates, count(*) FILTER (differs) AS conflicts "
        "FROM incoming LEFT JOIN (SELECT place, bool_or(differs) AS differs FROM refused GROUP BY place) r "
        "USING (place) GROUP BY ALL"
    )


def known_segments(names: list[str]) -> Query:
    """Rows name, set_aside: which of these segments were folded before."""
    return Query("SELECT name, set_aside FROM folded_segments WHERE name = ANY($names)", {"names": names})


def remember_segments(rows: list[tuple[str, bool, int, int, int, int]], now: datetime) -> Query:
    """Note that these segments are folded: name, set_aside, stored, duplicates, conflicts, rejected."""
    names, aside, stored, duplicates, conflicting, rejected = (
        list(column) for column in zip(*rows, strict=True)
    )
    return Query(
        "INSERT INTO folded_segments SELECT unnest($names), $now, unnest($aside), unnest($stored), "
        "unnest($duplicates), unnest($conflicts), unnest($rejected)",
        {
            "names": names,
            "now": now,
            "aside": aside,
            "stored": stored,
            "duplicates": duplicates,
            "conflicts": conflicting,
            "rejected": rejected,
        },
    )


def forget_segments(present: list[str], now: datetime) -> Query:
    """Drop notes older than an hour whose files are gone."""
    return Query(
        "DELETE FROM folded_segments "
        f"WHERE NOT (name = ANY($present)) AND folded_at < $now - INTERVAL {KEPT_HOURS} HOUR",
        {"present": present, "now": now},
    )


def segment_results(names: list[str]) -> Query:
    """One row stored, duplicates, conflicts, rejected, segments: the sum over these segments."""
    return Query(
        "SELECT coalesce(sum(stored), 0)::BIGINT AS stored, "
        "coalesce(sum(duplicates), 0)::BIGINT AS duplicates, "
        "coalesce(sum(conflicts), 0)::BIGINT AS conflicts, "
        "coalesce(sum(rejected), 0)::BIGINT AS rejected, "
        "count(*) AS segments FROM folded_segments WHERE name = ANY($names)",
        {"names": names},
    )
