"""The statements behind login alarms, as pure functions to Query(sql, params).

Buckets are whole numbers: `occurred_at` in microseconds since 1970, UTC, divided by the width of a bucket.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.rollups.cells_sql import address_cells, cells, login_cells
from audit_store.engines.duckdb.rollups.rollup import LOGIN_ADDRESSES
from audit_store.engines.duckdb.rule_queries.takeovers_sql import OUTCOMES, near, takeovers
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter

ADDRESS = "source_ip"
_BUCKET = "epoch_us(occurred_at) // $width"
_FAILED = "count(*) FILTER (list_contains($failures, outcome))::BIGINT"
_FIRST_OF = ("agent", ADDRESS)


def login_counts(where: EventFilter, failures: Sequence[str], step: timedelta) -> Query:
    """Rows agent, buckets, attempts, failed (lists that belong together), decided (how many have an outcome).

    A bucket may be listed several times: its figures are the sums. A row an agent, and numbers of 32 bits: a list
    travels to Python many times faster than the same figures in rows, and adding up takes longer in SQL.
    """
    logins, params = login_cells(where, ("agent", "outcome"), step)
    return Query(
        f"SELECT agent, list(({_BUCKET})::UINTEGER) AS buckets, list(events::INTEGER) AS attempts, "
        "list(CASE WHEN outcome = ANY($failures::VARCHAR[]) THEN events ELSE 0 END::INTEGER) AS failed, "
        "coalesce(sum(events) FILTER (outcome IS NOT NULL), 0)::BIGINT AS decided "
        f"FROM {logins} GROUP BY agent HAVING sum(events) > 0 ORDER BY agent",
        params | {"failures": list(failures), "width": step // timedelta(microseconds=1)},
    )


def login_totals(where: EventFilter, failures: Sequence[str], step: timedelta) -> Query:
    """Rows bucket, attempts, failed, decided (how many have an outcome) of all agents together, in order."""
    logins, params = cells(where, ("outcome",), step)
    return Query(
        f"SELECT {_BUCKET} AS bucket, sum(events)::BIGINT AS attempts, "
        "coalesce(sum(events) FILTER (outcome = ANY($failures::VARCHAR[])), 0)::BIGINT AS failed, "
        "coalesce(sum(events) FILTER (outcome IS NOT NULL), 0)::BIGINT AS decided "
        f"FROM {logins} GROUP BY bucket HAVING sum(events) > 0 ORDER BY bucket",
        params | {"failures": list(failures), "width": step // timedelta(microseconds=1)},
    )


def first_logins(where: EventFilter, step: timedelta) -> Query:
    """See `LoginQueries.first_logins`. Without `below` no cell counts below zero."""
    logins, params = login_cells(where, ("agent",), step)
    return Query(
        f"WITH firsts AS (SELECT min(occurred_at) AS occurred_at FROM {logins} GROUP BY agent) "
        f"SELECT {_BUCKET} AS bucket, count(*) AS agents FROM firsts GROUP BY bucket ORDER BY bucket",
        params | {"width": step // timedelta(microseconds=1)},
    )


def heartbeat(where: EventFilter, step: timedelta) -> Query:
    """Rows bucket, source, events: whether anything at all was reported."""
    counted, params = cells(where, ("source",), step)
    return Query(
        f"SELECT {_BUCKET} AS bucket, source, sum(events)::BIGINT AS events FROM {counted} "
        "GROUP BY ALL HAVING sum(events) > 0",
        params | {"width": step // timedelta(microseconds=1)},
    )


def attempts_around(
    where: EventFilter,
    failures: Sequence[str],
    step: timedelta,
    windows: Sequence[tuple[int, int, str | None, bool]],
    *,
    least_failures: int,
) -> Query:
    """See `LoginQueries.attempts_around`."""
    ids, buckets, whose, inside = (list(column) for column in zip(*windows, strict=True))
    length = (max(buckets) - min(buckets) + 1) * step
    judged = takeovers(where, failures, least=least_failures, within=length)
    return Query(
        "WITH windows AS (SELECT *, make_timestamp(min(bucket) OVER (PARTITION BY window_id) * $width) AS since FROM "
        "(SELECT unnest($ids::BIGINT[]) AS window_id, unnest($buckets::BIGINT[]) AS bucket, "
        "unnest($whose::VARCHAR[]) AS whose, unnest($inside::BOOLEAN[]) AS inside)), "
        f"logins AS MATERIALIZED (SELECT window_id, since, inside, agent, {ADDRESS}, occurred_at, seq, {OUTCOMES} "
        f"FROM events JOIN windows ON {_BUCKET} = bucket AND (whose IS NULL OR whose = agent) "
        f"WHERE {near(where, length)}), {judged.sql}, taken AS (SELECT *, "
        "min(occurred_at) FILTER (is_after) OVER (PARTITION BY window_id, agent) AS taken_at FROM judged) "
        f"SELECT window_id, agent, {ADDRESS}, count(*) FILTER (inside) AS attempts, "
        "count(*) FILTER (inside AND is_failed) AS failed, count(*) FILTER (inside AND is_success) AS succeeded, "
        "count(*) FILTER (is_after) AS succeeded_after, "
        "count(*) FILTER (is_failed AND occurred_at < taken_at) AS failures_before, "
        "min(occurred_at) FILTER (is_after) AS first_after FROM taken GROUP BY ALL ORDER BY ALL",
        judged.params
        | {"ids": ids, "buckets": buckets, "whose": whose, "inside": inside}
        | {"width": step // timedelta(microseconds=1)},
    )


def done_by(
    where: EventFilter, subjects: Sequence[tuple[int, str | None, str | None, datetime, datetime]]
) -> Query:
    """Rows window_id, agent, source_ip, activity, events, first_at of what agents or addresses did, each event once."""
    selected, params = condition(where)
    ids, agents, addresses, starts, ends = (list(column) for column in zip(*subjects, strict=True))

    def events_of(column: str) -> str:
        return (
            f"SELECT window_id, seq, events.agent, {ADDRESS}, activity, occurred_at FROM events JOIN subjects "
            f"ON events.{column} = subjects.{'whose' if column == 'agent' else 'address'} "
            f"AND occurred_at >= begins AND occurred_at < ends WHERE {selected}"
        )

    return Query(
        "WITH subjects AS (SELECT unnest($ids::BIGINT[]) AS window_id, unnest($agents::VARCHAR[]) AS whose, "
        "unnest($addresses::VARCHAR[]) AS address, unnest($starts::TIMESTAMP[]) AS begins, "
        "unnest($ends::TIMESTAMP[]) AS ends) "
        f"SELECT window_id, agent, {ADDRESS}, activity, count(*) AS events, min(occurred_at) AS first_at "
        f"FROM ({events_of('agent')} UNION {events_of(ADDRESS)}) GROUP BY ALL "
        "ORDER BY ALL",
        params | {"ids": ids, "agents": agents, "addresses": addresses, "starts": starts, "ends": ends},
    )


def addresses_before(
    where: EventFilter,
    failures: Sequence[str],
    addresses: Sequence[tuple[int, str, str | None, datetime, datetime]],
    days: int,
) -> Query:
    """Rows window_id, source_ip, before, failed_before at the same time of day on the `days` days before a window."""
    selected, params = condition(where)
    ids, names, whose, starts, ends = (list(column) for column in zip(*addresses, strict=True))
    return Query(
        "WITH windows AS (SELECT unnest($ids::BIGINT[]) AS window_id, unnest($names::VARCHAR[]) AS address, "
        "unnest($whose::VARCHAR[]) AS whose, unnest($starts::TIMESTAMP[]) AS begins, "
        "unnest($ends::TIMESTAMP[]) AS ends) "
        f"SELECT window_id, {ADDRESS}, count(*) AS before, {_FAILED} AS failed_before "
        f"FROM events JOIN windows ON {ADDRESS} = address AND (whose IS NULL OR whose = agent) "
        "AND occurred_at >= begins - to_days($days) AND occurred_at < begins "
        "AND (epoch_us(occurred_at) - epoch_us(begins) + $days * 86400000000) % 86400000000 "
        "< epoch_us(ends) - epoch_us(begins) "
        f"WHERE {selected} GROUP BY ALL ORDER BY ALL",
        params
        | {"ids": ids, "names": names, "whose": whose, "starts": starts, "ends": ends}
        | {"failures": list(failures), "days": days},
    )


def first_buckets(where: EventFilter, column: str, names: Sequence[str]) -> Query:
    """See `LoginQueries.first_buckets`."""
    if column not in _FIRST_OF:
        raise ValueError(f"{column!r} has no first time; give one of {', '.join(_FIRST_OF)}")
    logins, params = address_cells(where, (column,))
    bucket = "time_bucket(to_microseconds($width), occurred_at, TIMESTAMP '1970-01-01')"
    return Query(
        f"WITH buckets AS (SELECT {column} AS name, {bucket} AS bucket FROM {logins} "
        f"WHERE {column} = ANY($names::VARCHAR[]) GROUP BY ALL HAVING sum(events) > 0) "
        "SELECT min(bucket) AS start, min(bucket) + to_microseconds($width) AS end, name FROM buckets "
        "GROUP BY name ORDER BY start, name",
        params | {"names": list(names), "width": LOGIN_ADDRESSES.width // timedelta(microseconds=1)},
    )


def first_seen(where: EventFilter, column: str, names: Sequence[str]) -> Query:
    """See `LoginQueries.first_seen`."""
    selected, params = condition(where)
    return Query(
        f"SELECT {column} AS name, min(occurred_at) AS first FROM events "
        f"WHERE {selected} AND {column} = ANY($names::VARCHAR[]) GROUP BY ALL",
        params | {"names": list(names)},
    )


def first_times(where: EventFilter, column: str, *, known_for: timedelta, rows: int) -> Query:
    """Rows agent, <column>, occurred_at, known: pairs first seen in the filter's period, which must have a start.

    `column` is activity or source_ip. `occurred_at` is the pair's first event of the filter, `known` the agent's first
    of all (naive UTC), `known_for` earlier at least; the newest `rows` pairs. A pair is old when any event before the
    period has it, whatever the filter says of that event.
    """
    if column not in ("activity", ADDRESS):
        raise ValueError(f"{column!r} has no first times; give activity or {ADDRESS}")
    selected, params = condition(where)
    return Query(
        f"WITH recent AS (SELECT agent, {column}, min(occurred_at) AS occurred_at FROM events "
        f"WHERE {selected} AND {column} IS NOT NULL GROUP BY ALL), "
        # Materialized, for a plan that joins `known` first takes five times as long.
        "fresh AS MATERIALIZED (SELECT * FROM recent WHERE NOT EXISTS (FROM events AS earlier "
        f"WHERE earlier.agent = recent.agent AND earlier.{column} = recent.{column} "
        "AND earlier.occurred_at < $start)), "
        "known AS (SELECT agent, min(occurred_at) AS known FROM events GROUP BY agent) "
        f"SELECT agent, {column}, occurred_at, known FROM fresh JOIN known USING (agent) "
        "WHERE occurred_at - known >= to_seconds($known_for) "
        f"ORDER BY occurred_at DESC, agent, {column} LIMIT $rows",
        params | {"known_for": int(known_for.total_seconds()), "rows": rows},
    )


def last_seen(agents: Sequence[str]) -> Query:
    """Rows agent, last (naive UTC): the newest event of each of these agents."""
    return Query(
        "SELECT agent, max(occurred_at) AS last FROM events "
        "WHERE agent IN (SELECT unnest($agents::VARCHAR[])) GROUP BY ALL",
        {"agents": list(agents)},
    )
