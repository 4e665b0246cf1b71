"""Several events of one agent or address within a length of time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.rule_queries.deciding_sql import DECIDED, decided
from audit_store.engines.protocol import Query
from audit_store.event import EARLIEST
from audit_store.filters import EventFilter
from audit_store.ranges import Period

_EARLIEST = EARLIEST.replace(tzinfo=None)


def success_after_failures(
    where: EventFilter,
    failures: Sequence[str],
    *,
    count: int,
    within: timedelta,
    from_new_address: bool = False,
) -> Query:
    """See `RuleQueries.success_after_failures`."""
    selected, params = condition(_reaching_back(where, within))
    new_address = (
        "AND source_ip IS NOT NULL AND NOT EXISTS (FROM events AS earlier WHERE earlier.agent = counted.agent "
        "AND earlier.source_ip = counted.source_ip AND earlier.occurred_at < starts_at)"
    )
    return Query(
        "WITH logins AS (SELECT occurred_at, seq, agent, source_ip, "
        f"coalesce(list_contains($failures, outcome), false) AS failed FROM events WHERE {selected}), "
        "counted AS (SELECT *, count(*) FILTER (failed) OVER before AS events, "
        "min(occurred_at) FILTER (failed) OVER before AS starts_at FROM logins "
        "WHERE agent IN (SELECT agent FROM logins WHERE failed GROUP BY agent HAVING count(*) >= $count) "
        "WINDOW before AS (PARTITION BY agent ORDER BY occurred_at "
        "RANGE BETWEEN to_microseconds($within) PRECEDING AND CURRENT ROW)) "
        "SELECT agent, source_ip, starts_at, occurred_at AS ends_at, events FROM counted "
        f"WHERE NOT failed AND events >= $count AND {DECIDED} {new_address if from_new_address else ''} "
        "ORDER BY occurred_at, seq",
        params
        | decided(where)
        | {"failures": list(failures), "count": count, "within": _microseconds(within)},
    )


def bulk(
    where: EventFilter, *, count: int, within: timedelta, log_younger_than: timedelta | None = None
) -> Query:
    """See `RuleQueries.bulk`."""
    selected, params = condition(_reaching_back(where, within))
    young = ""
    if log_younger_than is not None:
        young = "AND occurred_at < (SELECT min(occurred_at) FROM events) + to_microseconds($younger)"
        params["younger"] = _microseconds(log_younger_than)
    return Query(
        "WITH counted AS (SELECT occurred_at, seq, agent, source_ip, count(*) OVER before AS events, "
        f"min(occurred_at) OVER before AS starts_at FROM events WHERE {selected} "
        "WINDOW before AS (PARTITION BY agent ORDER BY occurred_at "
        "RANGE BETWEEN to_microseconds($within) PRECEDING AND CURRENT ROW)) "
        "SELECT agent, source_ip, starts_at, occurred_at AS ends_at, events FROM counted "
        f"WHERE events >= $count AND {DECIDED} {young} ORDER BY occurred_at, seq",
        params | decided(where) | {"count": count, "within": _microseconds(within)},
    )


def many_agents(where: EventFilter, failures: Sequence[str], *, count: int, within: timedelta) -> Query:
    """See `RuleQueries.many_agents`."""
    selected, params = condition(_reaching_back(where, within))
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
        | {"failures": list(failures), "count": count, "within": _microseconds(within)},
    )


def _reaching_back(where: EventFilter, within: timedelta) -> EventFilter:
    start = where.period.start
    earlier = None if start is None or start - _EARLIEST < within else start - within
    return replace(where, period=Period(earlier, where.period.end))


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
