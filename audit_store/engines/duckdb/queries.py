"""The statements of the pages and of export, as pure functions to Query(sql, params).

`audit_store.engines.protocol.EventQueries` says what each gives.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from audit_store.catalogue import Catalogue
from audit_store.engines.duckdb import buckets_sql
from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.rollups.cells_sql import cells, reads_events
from audit_store.engines.protocol import SEQ_BLOCK, Query
from audit_store.event import COLUMNS
from audit_store.filters import EventFilter, field_of
from audit_store.ranges import Buckets

EXPORT_CHUNK = 512
_COLUMNS = ", ".join(COLUMNS)


def schema_version() -> Query:
    """One row: the schema version of the file."""
    return Query("SELECT schema_version FROM store_info")


def extent() -> Query:
    """One row: events, first and last `occurred_at` (UTC), newest `recorded_at` (UTC), last seq."""
    return Query(
        "SELECT count(*) AS events, min(occurred_at) AS first, max(occurred_at) AS last, "
        "max(recorded_at) AS recorded, max(seq) AS last_seq FROM events"
    )


def summary(where: EventFilter) -> Query:
    """One row: events, agents (distinct), failures."""
    counted, params = cells(where, ("agent", "outcome"))
    return Query(
        "SELECT coalesce(sum(events), 0)::BIGINT AS events, count(*) AS agents, "
        "coalesce(sum(failures), 0)::BIGINT AS failures "
        f"FROM (SELECT agent, sum(events) AS events, {_FAILURES} AS failures FROM {counted} "
        f"GROUP BY agent {_WITH_EVENTS})",
        params,
        where.period,
    )


def total(where: EventFilter) -> Query:
    """One row: events."""
    counted, params = cells(where, ())
    return Query(f"SELECT coalesce(sum(events), 0)::BIGINT AS events FROM {counted}", params, where.period)


def timeline(where: EventFilter, buckets: Buckets, catalogue: Catalogue) -> Query:
    """Rows bucket (its UTC start), category, events, failures; only buckets that have any."""
    counted, params = cells(where, ("activity", "outcome"), buckets_sql.width_of_cells(buckets))
    return Query(
        f"WITH {_KINDS}, counted AS ("
        f"SELECT {buckets_sql.NUMBER} AS number, code, sum(events) AS events, {_FAILURES} AS failures "
        f"FROM {counted} LEFT JOIN kinds USING (activity) GROUP BY ALL) "
        f"SELECT {buckets_sql.start('number')} AS bucket, {_CATEGORY} AS category, "
        "sum(events)::BIGINT AS events, coalesce(sum(failures), 0)::BIGINT AS failures "
        f"FROM counted GROUP BY ALL {_WITH_EVENTS} ORDER BY ALL",
        params | _kinds(catalogue) | buckets_sql.params(buckets),
        where.period,
    )


def moved(where: EventFilter, by: timedelta, buckets: Buckets) -> Query:
    """Rows bucket (its UTC start), events; only buckets that have any. Each event counts `by` later."""
    counted, params = cells(where, (), buckets_sql.width_of_cells(buckets, by))
    return Query(
        f"SELECT {buckets_sql.start(buckets_sql.NUMBER)} AS bucket, "
        f"sum(events)::BIGINT AS events FROM {counted} GROUP BY ALL {_WITH_EVENTS} ORDER BY bucket",
        params | buckets_sql.params(buckets, by),
        where.period,
    )


def by_agent(where: EventFilter, top: int, catalogue: Catalogue) -> Query:
    """Rows agent (NULL: all others together), category, events, agents (how many the row stands for).

    The `top` agents with most events, the busiest first, then the others; `total` is the agent's sum.
    """
    by_agent, agents_params = cells(where, ("agent",))
    by_both, both_params = cells(where, ("agent", "activity"))
    by_activity, activities_params = cells(where, ("activity",))
    pairs = ""
    if reads_events(where) or where.agent:  # every text is compared once, and few agents have few pairs
        pairs = f"pairs AS MATERIALIZED (SELECT agent, activity, sum(events) AS events FROM {by_both} GROUP BY ALL), "
        by_agent = by_both = by_activity = "pairs"
    return Query(
        # Categories of the busiest agents alone, and of all together: a sum for each pair takes far longer.
        f"WITH {_KINDS}, {pairs}"
        f"totals AS (SELECT agent, sum(events) AS total FROM {by_agent} GROUP BY ALL HAVING total > 0), "
        "busiest AS MATERIALIZED (FROM totals ORDER BY total DESC, agent LIMIT $top), "
        f"of_busiest AS MATERIALIZED (SELECT agent, activity, sum(events) AS n FROM {by_both} "
        "SEMI JOIN busiest USING (agent) GROUP BY ALL HAVING n > 0), "
        f"of_others AS (SELECT activity, sum(n) AS n FROM (SELECT activity, events AS n FROM {by_activity} "
        "UNION ALL SELECT activity, -n FROM of_busiest) GROUP BY ALL HAVING sum(n) > 0), "
        "counted AS (FROM of_busiest UNION ALL SELECT NULL, activity, n FROM of_others) "
        f"SELECT agent, {_CATEGORY} AS category, sum(n)::BIGINT AS events, "
        "CASE WHEN agent IS NULL THEN (SELECT count(*) FROM totals) - (SELECT count(*) FROM busiest) "
        "ELSE 1 END AS agents, coalesce(any_value(total), 0)::BIGINT AS total "
        "FROM counted LEFT JOIN kinds USING (activity) LEFT JOIN busiest USING (agent) "
        "GROUP BY ALL ORDER BY total DESC, agent NULLS LAST, category",
        agents_params | both_params | activities_params | _kinds(catalogue) | {"top": top},
        where.period,
    )


def facet(where: EventFilter, column: str, limit: int, *, containing: str = "") -> Query:
    """Rows value, events: the `limit` most frequent values of a column in `_FACETS` ("none": no outcome or source).

    Events without an address or target have no row. An address is counted as it is written.
    The column's own filter is ignored, so that a count equals the rows after choosing the value. With
    `containing`, only values that contain this text, ignoring case.
    """
    field = field_of(column)
    if column not in _FACETS or field is None:
        raise ValueError(f"{column!r} is not a facet; give one of {', '.join(_FACETS)}")
    counted, params = cells(where.without(*field.parameters), (column,))
    condition = ""
    if containing:
        condition = f"WHERE contains(lower({_FACETS[column]}), lower($containing)) "
        params["containing"] = containing
    return Query(
        f"SELECT {_FACETS[column]} AS value, sum(events)::BIGINT AS events FROM {counted} {condition}"
        f"GROUP BY ALL {_WITH_EVENTS} AND value IS NOT NULL ORDER BY events DESC, value LIMIT $limit",
        params | {"limit": limit},
        where.period,
    )


def blocks(where: EventFilter, *, since: int, below: int) -> Query:
    """Rows block (`seq // SEQ_BLOCK`), events where `since` <= seq < `below`; the newest block first."""
    selected, params = condition(where)
    return Query(
        f"SELECT seq // {SEQ_BLOCK} AS block, count(*) AS events FROM events "
        f"WHERE {selected} AND seq >= $since AND seq < $below GROUP BY ALL ORDER BY block DESC",
        params | {"since": since, "below": below},
    )


def seqs(where: EventFilter, *, since: int, below: int) -> Query:
    """Rows seq of the events with `since` <= seq < `below`, the newest first."""
    selected, params = condition(where)
    return Query(
        f"SELECT seq FROM events WHERE {selected} AND seq >= $since AND seq < $below ORDER BY seq DESC",
        params | {"since": since, "below": below},
    )


def events_at(seqs: Sequence[int], columns: tuple[str, ...] = COLUMNS) -> Query:
    """The events with these values of seq, the newest first; `columns` of `events`."""
    return Query(
        f"SELECT {', '.join(columns)} FROM events JOIN (SELECT unnest($seqs::BIGINT[]) AS seq) USING (seq) "
        "ORDER BY seq DESC",
        {"seqs": list(seqs)},
    )


def newer(where: EventFilter, *, since: int) -> Query:
    """One row: how many events have seq >= `since`."""
    selected, params = condition(where)
    sql = f"SELECT count(*) AS events FROM events WHERE {selected} AND seq >= $since"
    return Query(sql, params | {"since": since})


def page(where: EventFilter, *, below: int, rows: int, columns: tuple[str, ...] = COLUMNS) -> Query:
    """`rows` events with seq < `below`, the newest first; `columns` of `events`."""
    selected, params = condition(where)
    return Query(
        # The wide columns are read for the chosen rows alone.
        f"SELECT {', '.join(columns)} FROM events JOIN (SELECT seq FROM events "
        f"WHERE {selected} AND seq < $below ORDER BY seq DESC LIMIT $rows) "
        "USING (seq) ORDER BY seq DESC",
        params | {"below": below, "rows": rows},
    )


def coverage() -> Query:
    """One row: how many events every roll-up counts."""
    return Query("SELECT coalesce(min(covered), 0)::BIGINT AS covered FROM rollups")


def event(event_id: str) -> Query:
    """The event, or one a source, with this `event_id`, the columns of `events`; other text has none."""
    return Query(
        f"SELECT {_COLUMNS} FROM events WHERE event_id = TRY_CAST($event_id AS UUID) ORDER BY seq",
        {"event_id": event_id},
    )


def identity() -> Query:
    """One row: store_id (text), created_at (UTC) of the file."""
    return Query("SELECT store_id::VARCHAR AS store_id, created_at FROM store_info")


def export_plan(where: EventFilter) -> Query:
    """Rows first, last (seq), events, bytes (of the two long texts), one for each EXPORT_CHUNK of seq.

    Events are only ever appended, with a higher seq: what this names stays what it is, whatever comes after.
    """
    selected, params = condition(where)
    return Query(
        "SELECT min(seq) AS first, max(seq) AS last, count(*) AS events, "
        "sum(strlen(description) + strlen(metadata::VARCHAR))::BIGINT AS bytes "
        f"FROM events WHERE {selected} GROUP BY seq // {EXPORT_CHUNK} ORDER BY first",
        params,
    )


def export_block(where: EventFilter, *, first: int, last: int) -> Query:
    """The events with `first` <= seq <= `last` in order, the columns of `events`; UUID and JSON as text."""
    selected, params = condition(where)
    return Query(
        f"SELECT * REPLACE (event_id::VARCHAR AS event_id, metadata::VARCHAR AS metadata) FROM events "
        f"WHERE {selected} AND seq BETWEEN $first AND $last ORDER BY seq",
        params | {"first": first, "last": last},
    )


_FAILURES = "sum(events) FILTER (outcome = 'failure')"
_WITH_EVENTS = "HAVING sum(events) > 0"

_FACETS = {
    "activity": "activity",
    "agent": "agent",
    "outcome": "coalesce(outcome, 'none')",
    "source": "coalesce(nullif(source, ''), 'none')",
    "source_ip": "source_ip",
    "target": "target",
}

# Small numbers instead of names: grouping by them takes half the time.
_KINDS = "kinds AS (SELECT unnest($activities) AS activity, unnest($codes)::USMALLINT AS code)"
_CATEGORY = "coalesce($categories[code], $other)"


def _kinds(catalogue: Catalogue) -> dict[str, Any]:
    known: Sequence[tuple[str, str]] = sorted(catalogue.category_by_activity.items())
    categories = sorted({category for _, category in known})
    return {
        "activities": [activity for activity, _ in known],
        "codes": [categories.index(category) + 1 for _, category in known],
        "categories": categories,
        "other": catalogue.other,
    }
