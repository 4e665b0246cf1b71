"""Several events of one agent or address within a length of time."""

from collections.abc import Sequence
from datetime import timedelta

from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.rule_queries.deciding_sql import DECIDED, decided
from audit_store.engines.duckdb.rule_queries.takeovers_sql import (
    OUTCOMES,
    microseconds,
    near,
    reaching_back,
    takeovers,
)
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter


def success_after_failures(
    where: EventFilter,
    failures: Sequence[str],
    *,
    count: int,
    within: timedelta,
    from_new_address: bool = False,
) -> Query:
    """See `RuleQueries.success_after_failures`."""
    # A success may follow another one, which follows the failures.
    judged = takeovers(reaching_back(where, within), failures, least=count, within=within)
    new_address = (
        "AND source_ip IS NOT NULL AND NOT EXISTS (FROM events AS earlier WHERE earlier.agent = judged.agent "
        "AND earlier.source_ip = judged.source_ip AND earlier.occurred_at < row_from)"
    )
    return Query(
        f"WITH every AS (SELECT 0 AS window_id, agent, source_ip, occurred_at, seq, {OUTCOMES}, "
        "occurred_at - to_microseconds($within) AS since FROM events "
        f"WHERE {near(reaching_back(where, within), within)}), "
        "logins AS MATERIALIZED (FROM every WHERE agent IN "
        "(SELECT agent FROM every WHERE is_failed GROUP BY agent HAVING count(*) >= $least)), "
        f"{judged.sql} SELECT agent, source_ip, row_from AS starts_at, occurred_at AS ends_at, row_length AS events "
        f"FROM judged WHERE is_after AND {DECIDED} {new_address if from_new_address else ''} "
        "ORDER BY occurred_at, seq",
        judged.params | decided(where),
    )


def bulk(
    where: EventFilter, *, count: int, within: timedelta, log_younger_than: timedelta | None = None
) -> Query:
    """See `RuleQueries.bulk`."""
    selected, params = condition(reaching_back(where, within))
    young = ""
    if log_younger_than is not None:
        young = "AND occurred_at < (SELECT min(occurred_at) FROM events) + to_microseconds($younger)"
        params["younger"] = microseconds(log_younger_than)
    return Query(
        "WITH counted AS (SELECT occurred_at, seq, agent, source_ip, count(*) OVER before AS events, "
        f"min(occurred_at) OVER before AS starts_at FROM events WHERE {selected} "
        "WINDOW before AS (PARTITION BY agent ORDER BY occurred_at "
        "RANGE BETWEEN to_microseconds($within) PRECEDING AND CURRENT ROW)) "
        "SELECT agent, source_ip, starts_at, occurred_at AS ends_at, events FROM counted "
        f"WHERE events >= $count AND {DECIDED} {young} ORDER BY occurred_at, seq",
        params | decided(where) | {"count": count, "within": microseconds(within)},
    )


def many_agents(where: EventFilter, failures: Sequence[str], *, count: int, within: timedelta) -> Query:
    """See `RuleQueries.many_agents`."""
    selected, params = condition(reaching_back(where, within))
    return Query(
        "WITH refused AS (SELECT occurred_at, seq, agent, source_ip FROM events "
        f"WHERE {selected} AND list_contains($failures, outcome) AND source_ip IS NOT NULL), "
        "counted AS (SELECT *, count(DISTINCT agent) OVER before AS events, min(occurred_at) OVER before AS starts_at "
        "FROM refused WHERE source_ip IN "
        "(SELECT source_ip FROM refused GROUP BY source_ip HAVING count(DISTINCT agent) >= $count) "
        "WINDOW before AS (PARTITION BY source_ip ORDER BY occurred_at "
        "RANGE BETWEEN to_microseconds($within) PRECEDING AND CURRENT ROW)) "
        "SELECT '' AS agent, source_ip, starts_at, occurred_at AS ends_at, events FROM counted "
        f"WHERE events >= $count AND {DECIDED} ORDER BY occurred_at, seq",
        params
        | decided(where)
        | {"failures": list(failures), "count": count, "within": microseconds(within)},
    )
