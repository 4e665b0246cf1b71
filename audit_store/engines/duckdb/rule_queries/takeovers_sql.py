"""Logins that succeeded after failures: the common table expressions that alarms and rules share.

An address is *usual* for an agent that logged in from it in the days before. A success from any other address is judged
by the failed logins of its agent in a row, wherever they came from; one from a usual address by those of the agent from
this address alone, so that the owner who logs in while somebody else guesses is no takeover. A row ends with a success
that is judged by it. After the first success of a takeover, all further ones count, too.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.logins import USUAL_FOR
from audit_store.engines.protocol import Query
from audit_store.event import EARLIEST
from audit_store.filters import EventFilter
from audit_store.ranges import Period

_EARLIEST = EARLIEST.replace(tzinfo=None)
_IS_FAILED = "coalesce(list_contains($failures, outcome), false)"
_IS_SUCCESS = "coalesce(NOT list_contains($failures, outcome), false)"
OUTCOMES = f"{_IS_FAILED} AS is_failed, {_IS_SUCCESS} AS is_success"
"""Columns of events: whether a login failed, and whether it succeeded; one without an outcome did neither."""

_NEAR = "occurred_at >= coalesce($near_from, occurred_at)"
_LAST = "ORDER BY occurred_at RANGE BETWEEN to_microseconds($within) PRECEDING AND CURRENT ROW"
_BEFORE = "ORDER BY occurred_at, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"


def near(where: EventFilter, within: timedelta) -> str:
    """The condition for the logins to be judged: those of `where` and those `within` the time before its period."""
    return f"{condition(reaching_back(where, USUAL_FOR + within))[0]} AND {_NEAR}"


def takeovers(where: EventFilter, failures: Sequence[str], *, least: int, within: timedelta) -> Query:
    """Common table expressions after `logins`, which end in `judged`: its rows with is_after, row_length, row_from.

    `logins` selects by `near` and has window_id, agent, source_ip, occurred_at, seq, the columns OUTCOMES and `since`,
    before which a usual address was used. Windows are judged apart. `is_after`: it succeeded after `least` or more
    failures in a row `within` the time before, or so long after such a success; `row_length` says how many these were
    and `row_from` since when. The parameters are those of `near`, too.
    """
    earlier, params = condition(reaching_back(where, USUAL_FOR + within))
    sql = (
        "pairs AS (SELECT DISTINCT agent, coalesce(source_ip, '') AS address, since FROM logins "
        "WHERE is_success AND agent IN (SELECT agent FROM logins WHERE is_failed GROUP BY agent "
        "HAVING count(*) >= $least)), "
        "earlier AS (SELECT agent, coalesce(source_ip, '') AS address, occurred_at FROM events "
        f"WHERE {earlier} AND {_IS_SUCCESS} AND agent IN (SELECT agent FROM pairs)), "
        "usual AS (SELECT pairs.* FROM pairs ASOF JOIN earlier ON pairs.agent = earlier.agent "
        "AND pairs.address = earlier.address AND pairs.since > earlier.occurred_at "
        "WHERE pairs.since - earlier.occurred_at <= to_microseconds($usual_for)), "
        "known AS (SELECT logins.*, usual.agent IS NOT NULL AS is_usual FROM logins LEFT JOIN usual "
        "ON logins.agent = usual.agent AND coalesce(source_ip, '') = address AND logins.since = usual.since), "
        "numbered AS (SELECT *, coalesce(sum((is_success AND NOT is_usual)::INTEGER) "
        f"OVER (PARTITION BY window_id, agent {_BEFORE}), 0) AS agent_row, coalesce(sum(is_success::INTEGER) "
        f"OVER (PARTITION BY window_id, agent, source_ip {_BEFORE}), 0) AS own_row FROM known), "
        "counted AS (SELECT *, "
        "if(is_usual, count(*) FILTER (is_failed) OVER own, count(*) FILTER (is_failed) OVER whole) AS in_a_row, "
        "if(is_usual, min(occurred_at) FILTER (is_failed) OVER own, min(occurred_at) FILTER (is_failed) OVER whole) "
        "AS began, is_success AND in_a_row >= $least AS is_first FROM numbered "
        f"WINDOW own AS (PARTITION BY window_id, agent, source_ip, own_row {_LAST}), "
        f"whole AS (PARTITION BY window_id, agent, agent_row {_LAST})), "
        "judged AS (SELECT *, coalesce(is_success AND bool_or(is_first) OVER origin, false) AS is_after, "
        "max(in_a_row) FILTER (is_first) OVER origin AS row_length, "
        "min(began) FILTER (is_first) OVER origin AS row_from FROM counted "
        f"WINDOW origin AS (PARTITION BY window_id, agent, is_usual, if(is_usual, source_ip, NULL) {_LAST}))"
    )
    return Query(
        sql,
        params
        | {"failures": list(failures), "least": least, "within": microseconds(within)}
        | {"usual_for": microseconds(USUAL_FOR), "near_from": reaching_back(where, within).period.start},
    )


def reaching_back(where: EventFilter, within: timedelta) -> EventFilter:
    """The filter with a period that begins earlier."""
    start = where.period.start
    earlier = None if start is None or start - _EARLIEST < within else start - within
    return replace(where, period=Period(earlier, where.period.end))


def microseconds(length: timedelta) -> int:
    """A length of time as the parameter of to_microseconds."""
    return length // timedelta(microseconds=1)
