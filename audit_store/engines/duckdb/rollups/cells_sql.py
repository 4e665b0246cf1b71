"""What statements count: cells of a roll-up, and the events that no cell holds exactly.

A cell is a number of events of one bucket of time. The cells of a filter are whole buckets in its period, single
events of the ragged ends of the period, and single events that the roll-up does not cover. So a sum over them is
exact whatever the roll-up covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from audit_store import week_hours
from audit_store.engines.duckdb.conditions import (
    Condition,
    below_condition,
    condition,
    joined,
    period_condition,
    values_condition,
)
from audit_store.engines.duckdb.rollups import tables_sql
from audit_store.engines.duckdb.rollups.rollup import (
    BY_AGENT,
    BY_QUARTER_HOUR,
    LOGIN_ADDRESSES,
    LOGINS,
    QUARTER,
    Rollup,
)
from audit_store.event import EARLIEST, LATEST
from audit_store.filters import EventFilter
from audit_store.ranges import Period

_EPOCH = EARLIEST.replace(tzinfo=None)
_END = LATEST.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a roll-up is read: as the table `source` of the roll-up's columns, `events` and `occurred_at`.

    `occurred_at` is the start of a bucket of `width`. `bucket` is its name in parameters.
    """

    rollup: Rollup
    bucket: str
    width: timedelta
    source: str


def cells(where: EventFilter, columns: Sequence[str], width: timedelta | None = None) -> Condition:
    """A table `(columns, events)` of the events of a filter, and the parameters in it.

    With `width`, it has also the column occurred_at, which lies in the same bucket of this width as the events of the
    cell. A cell may count below zero: groups whose sum is zero have no events.
    """
    # Few agents' rows are taken apart by the quarter of an hour sooner than all events are looked at.
    readings = [
        _as_stored(BY_QUARTER_HOUR),
        _as_stored(BY_AGENT),
        *([_by_quarter_hour(BY_AGENT)] if where.agent else []),
    ]
    return _of_first(readings, where, columns, width)


def login_cells(where: EventFilter, columns: Sequence[str], width: timedelta) -> Condition:
    """The same as `cells` for a filter that names activities, which the roll-up of logins may count."""
    names_all = bool(where.activity) and all(isinstance(value, str) for value in where.activity)
    return _of_first([_as_stored(LOGINS)] if names_all else [], where, columns, width)


def address_cells(where: EventFilter, columns: Sequence[str]) -> Condition:
    """The same as `login_cells`, by the week; the columns may be the agent and the address."""
    return _of_first([_as_stored(LOGIN_ADDRESSES)], where, columns, LOGIN_ADDRESSES.width)


def reads_events(where: EventFilter) -> bool:
    """Whether no roll-up knows what a filter compares, so that every count of it reads the events."""
    columns = {column for rollup in (BY_QUARTER_HOUR, BY_AGENT) for column in rollup.columns}
    return bool(where.q) or not {selection.field.name for selection in where.selections()} <= columns | {
        "hours"
    }


def single_events(where: EventFilter, columns: Sequence[str], width: timedelta | None = None) -> Condition:
    """The same as `cells`, from the events alone."""
    sql, params = _events(_listed(columns, width), [condition(where)])
    return f"({sql})", params


def _as_stored(rollup: Rollup) -> _Reading:
    """The cells of a roll-up as they are."""
    source = f"SELECT *, {rollup.bucket} AS occurred_at FROM {rollup.name}"
    return _Reading(rollup, rollup.bucket, rollup.width, source)


def _by_quarter_hour(rollup: Rollup) -> _Reading:
    """The events of a roll-up that lists quarters of an hour, each as a cell."""
    source = (
        f"SELECT * REPLACE (1 AS events), {rollup.bucket} + to_microseconds(quarter * {QUARTER // _MICROSECOND}) "
        f"AS occurred_at FROM (SELECT *, unnest({rollup.quarters})::BIGINT AS quarter FROM {rollup.name})"
    )
    return _Reading(rollup, BY_QUARTER_HOUR.bucket, QUARTER, source)


def _of_first(
    readings: Sequence[_Reading], where: EventFilter, columns: Sequence[str], width: timedelta | None
) -> Condition:
    for reading in readings:
        whole = _whole_buckets(where.period, reading.width)
        if whole is not None and _answers(reading, where, columns, width):
            return _cells_of(reading, whole, where, _listed(columns, width))
    return single_events(where, columns, width)


def _listed(columns: Sequence[str], width: timedelta | None) -> list[str]:
    return [*columns, *(["occurred_at"] if width else [])]


def _answers(reading: _Reading, where: EventFilter, columns: Sequence[str], width: timedelta | None) -> bool:
    """Whether the cells of a roll-up are as fine as a statement needs."""
    filtered = {selection.field.name for selection in where.selections()} - {"hours"}
    return (
        not where.q
        and filtered.union(columns).issubset(reading.rollup.columns)
        and (width is None or width % reading.width == timedelta())
        and (not where.hours or _hours_are_whole(where, reading.width))
    )


def _hours_are_whole(where: EventFilter, width: timedelta) -> bool:
    """Whether every bucket lies in one hour of the week: St. John's, for one, changed its clock at 00:01."""
    start, end = where.period.start or _EPOCH, where.period.end or _END
    first, *changes = week_hours.offsets(where.zone, start, end)
    offsets = [timedelta(microseconds=offset) for _, offset in (first, *changes)]
    moments = [moment - _EPOCH for moment, _ in changes]
    hour = timedelta(hours=1)
    return hour % width == timedelta() and not any(span % width for span in (*offsets, *moments))


def _whole_buckets(period: Period, width: timedelta) -> Period | None:
    """The part of a period that consists of whole buckets, open where all events are in it; None without any."""
    start = (
        None
        if period.start is None or period.start <= _EPOCH
        else _EPOCH - (_EPOCH - period.start) // width * width
    )
    end = (
        None if period.end is None or period.end >= _END else _EPOCH + (period.end - _EPOCH) // width * width
    )
    is_empty = end is not None and end <= (start or _EPOCH)
    return None if is_empty else Period(start, end)


def _cells_of(reading: _Reading, whole: Period, where: EventFilter, columns: Sequence[str]) -> Condition:
    """The cells of a filter: the buckets of a roll-up in the period `whole`, and single events."""
    covered = _covered(reading.rollup)
    is_covered: Condition = (f"seq < {covered}", {})
    values, below = values_condition(where), below_condition(where)
    # Buckets of one width begin and end at the same times in every roll-up, so they may share these parameters.
    whole_start, whole_end = f"{reading.bucket}_start", f"{reading.bucket}_end"
    in_whole = period_condition(whole, whole_start, whole_end)
    buckets = joined([(f"{covered} > 0", {}), in_whole, _pruning(reading, whole), values])
    branches = [
        (
            f"SELECT {', '.join([*columns, 'events'])} FROM ({reading.source}) WHERE {buckets[0]}",
            buckets[1],
        ),
        _events(columns, [(f"seq >= {covered}", {}), condition(where)]),
    ]
    period = where.period
    if whole.start != period.start and whole.start is not None:
        start = period_condition(Period(period.start, whole.start), "start", whole_start)
        branches.append(_events(columns, [is_covered, start, below, values]))
    if whole.end != period.end and whole.end is not None:
        end = period_condition(Period(whole.end, period.end), whole_end, "end")
        branches.append(_events(columns, [is_covered, end, below, values]))
    if where.below is not None:
        above: Condition = ("seq >= $below_seq", {"below_seq": where.below})
        branches.append(_events(columns, [is_covered, above, in_whole, values], events=-1))
    sql = " UNION ALL ".join(sql for sql, _ in branches)
    return f"({sql})", {name: value for _, params in branches for name, value in params.items()}


def _pruning(reading: _Reading, whole: Period) -> Condition:
    """A condition on the bucket of the roll-up itself, where `occurred_at` is computed: it leaves out row groups."""
    if reading.width == reading.rollup.width:
        return "", {}
    start = None if whole.start is None else max(whole.start - reading.rollup.width, _EPOCH)
    sql, params = period_condition(Period(start, whole.end), "first_bucket", f"{reading.bucket}_end")
    return sql.replace("occurred_at", reading.rollup.bucket), params


def _events(columns: Sequence[str], conditions: Sequence[Condition], events: int = 1) -> Condition:
    selected, params = joined(conditions)
    listed = ", ".join([*columns, f"{events}::BIGINT AS events"])
    return f"SELECT {listed} FROM events WHERE {selected}", params


def _covered(rollup: Rollup) -> str:
    """How many events a roll-up counts, as a constant for a filter: none, where it counts other activities."""
    covered = tables_sql.covered(rollup)
    if not rollup.of_logins:
        return covered
    return f"CASE WHEN list_has_all({tables_sql.logins()}, $activity) THEN {covered} ELSE 0 END"
