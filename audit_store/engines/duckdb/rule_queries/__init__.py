"""The statements behind rules, as pure functions to Query(sql, params): see audit_store/engines/rules.py."""

from audit_store.engines.duckdb.rule_queries.firsts_sql import (
    arrivals,
    deleted,
    dormant,
    first_times,
    with_words,
)
from audit_store.engines.duckdb.rule_queries.sequences_sql import bulk, many_agents, success_after_failures

__all__ = [
    "arrivals",
    "bulk",
    "deleted",
    "dormant",
    "first_times",
    "many_agents",
    "success_after_failures",
    "with_words",
]
