"""An EventFilter as a condition over `events`."""

from collections.abc import Iterable, Sequence
from typing import Any

from audit_store import week_hours
from audit_store.engines.duckdb.conditions.search import search_condition
from audit_store.engines.duckdb.conditions.selected_values import selection_condition
from audit_store.event import EARLIEST, LATEST
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from audit_store.week_hours import Stretch

_HOUR = 3_600_000_000
# 1970 began on a Thursday; one more week keeps times before it in Greenwich from being negative.
_TO_MONDAY = (3 + 7) * 24 * _HOUR

Condition = tuple[str, dict[str, Any]]


def condition(where: EventFilter) -> Condition:
    """A condition over `events` with named parameters, and their values.

    >>> condition(EventFilter(activity=("Login",), outcome=("failure",)))[0]
    '(activity = $activity[1]) AND (outcome = $outcome[1])'
    """
    return joined([period_condition(where.period), below_condition(where), values_condition(where)])


def values_condition(where: EventFilter) -> Condition:
    """The same without the filter's period and `below`."""
    selections = [selection for selection in where.selections() if selection.field.name != "hours"]
    named = [
        selection_condition(selection, f"meta_{number}" if selection.field.path else selection.parameter)
        for number, selection in enumerate(selections)
    ]
    return joined([*named, search_condition(where.q), _hours(where)])


def joined(parts: Iterable[Condition]) -> Condition:
    """A condition that holds where all of these do; an empty text stands for no condition."""
    conditions = [(sql, params) for sql, params in parts if sql not in ("", "true")]
    params = {name: value for _, values in conditions for name, value in values.items()}
    return " AND ".join(sql for sql, _ in conditions) or "true", params


def period_condition(period: Period, start: str = "start", end: str = "end") -> Condition:
    """Whether `occurred_at` is in a period; `start` and `end` name the parameters."""
    bounds = [(f"occurred_at >= ${start}", start, period.start), (f"occurred_at < ${end}", end, period.end)]
    used = [bound for bound in bounds if bound[2] is not None]
    return " AND ".join(sql for sql, _, _ in used), {name: moment for _, name, moment in used}


def below_condition(where: EventFilter) -> Condition:
    """Whether an event is one of the log as it was at some moment."""
    return ("", {}) if where.below is None else ("seq < $below_seq", {"below_seq": where.below})


def _hours(where: EventFilter) -> Condition:
    """Whether the local hour of the week is one of those chosen.

    The zone's offsets stand in the condition as numbers: DuckDB's own time zones take ten times as long, and its
    tables of them may be older than Python's.
    """
    if not where.hours:
        return "", {}
    start = where.period.start or EARLIEST.replace(tzinfo=None)
    end = where.period.end or LATEST.replace(tzinfo=None)
    offset = _offset(week_hours.offsets(where.zone, start, end))
    sql = f"((epoch_us(occurred_at) + {offset} + {_TO_MONDAY}) // {_HOUR} % 168 = ANY($hours))"
    return sql, {"hours": week_hours.hour_numbers(where.hours)}


def _offset(stretches: Sequence[Stretch]) -> str:
    """The offset at `occurred_at`, by binary search: each row is compared with few of the changes."""
    if len(stretches) == 1:
        return f"({stretches[0][1]})"
    half = len(stretches) // 2
    early, late = _offset(stretches[:half]), _offset(stretches[half:])
    return f"CASE WHEN occurred_at < TIMESTAMP '{stretches[half][0]}' THEN {early} ELSE {late} END"
