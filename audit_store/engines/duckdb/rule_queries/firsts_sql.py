"""Events that an agent had not done before, or not for long, and events with certain words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.rollups.cells_sql import cells
from audit_store.engines.duckdb.rule_queries.deciding_sql import DECIDED, decided
from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from audit_store.ranges import Period

_DAY = timedelta(days=1)


def arrivals(since: int) -> Query:
    """See `RuleQueries.arrivals`."""
    return Query(
        "SELECT min(occurred_at) AS first, coalesce(max(seq) + 1, $since) AS below "
        "FROM events WHERE seq >= $since",
        {"since": since},
    )


def first_times(where: EventFilter, history: timedelta) -> Query:
    """See `RuleQueries.first_times`."""
    ever, params = condition(replace(where, period=Period(None, where.period.end)))
    return Query(
        "WITH first AS (SELECT agent, arg_min(source_ip, occurred_at) AS source_ip, min(occurred_at) AS occurred_at "
        f"FROM events WHERE {ever} GROUP BY agent) "
        "SELECT agent, source_ip, occurred_at AS starts_at, occurred_at AS ends_at, 1::BIGINT AS events FROM first "
        f"WHERE {DECIDED} AND occurred_at - (SELECT min(occurred_at) FROM events) >= to_seconds($history) "
        "ORDER BY occurred_at, agent",
        params | decided(where) | {"history": int(history.total_seconds())},
    )


def with_words(where: EventFilter, words: Sequence[str]) -> Query:
    """See `RuleQueries.with_words`."""
    selected, params = condition(where)
    return Query(
        "SELECT agent, source_ip, occurred_at AS starts_at, occurred_at AS ends_at, 1::BIGINT AS events FROM events "
        f"WHERE {selected} AND outcome IS DISTINCT FROM 'failure' AND len(list_filter($words::VARCHAR[], "
        "lambda word: contains(lower(description), lower(word)) "
        "OR contains(lower(metadata::VARCHAR), lower(word)))) > 0 "
        "ORDER BY occurred_at, seq",
        params | {"words": list(words)},
    )


def dormant(where: EventFilter, dormant: timedelta) -> Query:
    """See `RuleQueries.dormant`."""
    days, params = cells(replace(where, period=Period(None, where.period.end)), ("agent",), _DAY)
    selected, in_period = condition(where)
    return Query(
        "WITH days AS (SELECT agent, date_trunc('day', occurred_at) AS day "
        f"FROM {days} GROUP BY ALL HAVING sum(events) > 0), "
        "returns AS (SELECT agent, day, lag(day) OVER (PARTITION BY agent ORDER BY day) AS last FROM days "
        "QUALIFY day - last >= to_days($dormant)) "
        "SELECT agent, arg_min(source_ip, occurred_at) AS source_ip, min(occurred_at) AS starts_at, "
        "min(occurred_at) AS ends_at, 1::BIGINT AS events FROM events JOIN returns USING (agent) "
        f"WHERE {selected} AND date_trunc('day', occurred_at) = day GROUP BY agent, day ORDER BY starts_at, agent",
        params | in_period | {"dormant": dormant // _DAY},
    )


def deleted(where: EventFilter, deletions: Sequence[str]) -> Query:
    """See `RuleQueries.deleted`."""
    ever, params = condition(replace(where, period=Period(None, where.period.end)))
    return Query(
        "WITH deletions AS (SELECT target AS agent, occurred_at AS deleted_at FROM events "
        "WHERE activity = ANY($deletions) AND target IS NOT NULL AND outcome IS DISTINCT FROM 'failure'), "
        "first AS (SELECT agent, deleted_at, arg_min(source_ip, occurred_at) AS source_ip, "
        "min(occurred_at) AS occurred_at FROM events JOIN deletions USING (agent) "
        f"WHERE {ever} AND occurred_at > deleted_at GROUP BY agent, deleted_at) "
        "SELECT agent, source_ip, occurred_at AS starts_at, occurred_at AS ends_at, 1::BIGINT AS events FROM first "
        f"WHERE {DECIDED} ORDER BY occurred_at, agent",
        params | decided(where) | {"deletions": list(deletions)},
    )
