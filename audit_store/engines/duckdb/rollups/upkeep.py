"""Keeps the roll-ups in step with the events, in short steps: folds count new events, a dashboard does the rest."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.rollups import compaction, tables, upkeep_sql
from audit_store.engines.duckdb.rollups.rollup import NAMES, ROLLUPS, Rollup
from audit_store.engines.duckdb.schema import ROW_GROUP

BATCH = ROW_GROUP
"""Events that a roll-up leaves out until they are counted together: fewer at a time would make more cells."""
STEP = 8 * BATCH
"""Events that are counted in one step, for which the store is held."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """A roll-up counts the events with seq < `covered` of the `stored` ones, and of some activities only, if any."""

    rollup: Rollup
    covered: int
    stored: int
    activities: tuple[str, ...]

    @property
    def is_due(self) -> bool:
        """Whether there is a batch to be counted."""
        return self.stored - self.covered >= BATCH


def coverages(connection: Connection) -> list[Coverage]:
    """What each roll-up covers, the least covered one first."""
    by_name = {rollup.name: rollup for rollup in ROLLUPS}
    return [
        Coverage(by_name[name], covered, stored, tuple(activities))
        for name, covered, stored, activities in rows_of(connection, upkeep_sql.coverages())
        if name in by_name
    ]


def extend(connection: Connection) -> None:
    """Count up to STEP more events in each roll-up that leaves out a batch or more, in the caller's transaction."""
    for coverage in coverages(connection):
        if coverage.is_due:
            _count(connection, coverage)


def is_step_due(connection: Connection, logins: Sequence[str]) -> bool:
    """Whether `roll_up` would change anything; the connection may be one that only reads."""
    states = coverages(connection)
    return (
        {coverage.rollup for coverage in states} != set(ROLLUPS)
        or any(coverage.is_due or _counts_others(coverage, logins) for coverage in states)
        or any(_is_damaged(connection, rollup) or compaction.is_due(connection, rollup) for rollup in ROLLUPS)
    )


def roll_up(connection: Connection, logins: Sequence[str]) -> bool:
    """Do one step of what is due, with `logins` as the activities that are logins; gives whether anything was."""
    connection.execute("BEGIN")
    is_changed = (
        _rebuild_damaged(connection)
        or _take_logins(connection, logins)
        or _count_more(connection)
        or any(compaction.compact(connection, rollup) for rollup in ROLLUPS)
    )
    connection.execute("COMMIT")
    if is_changed:
        connection.execute("CHECKPOINT")
    return is_changed


def _rebuild_damaged(connection: Connection) -> bool:
    """Empty every roll-up that does not hold as many events as it should; the next steps count them again."""
    if {coverage.rollup for coverage in coverages(connection)} != set(ROLLUPS):
        tables.create(connection, NAMES)
        return True
    damaged = [rollup for rollup in ROLLUPS if _is_damaged(connection, rollup)]
    for rollup in damaged:
        logging.getLogger(__name__).warning(
            "the roll-up %s does not agree with the events: rebuilt", rollup.name
        )
        _empty(connection, rollup)
    return bool(damaged)


def _take_logins(connection: Connection, logins: Sequence[str]) -> bool:
    """Have logins counted anew where other activities are logins than those that are counted."""
    changed = [coverage for coverage in coverages(connection) if _counts_others(coverage, logins)]
    for coverage in changed:
        _empty(connection, coverage.rollup)
        rows_of(connection, upkeep_sql.set_activities(coverage.rollup, sorted(logins)))
    return bool(changed)


def _counts_others(coverage: Coverage, logins: Sequence[str]) -> bool:
    return coverage.rollup.of_logins and set(coverage.activities) != set(logins)


def _is_damaged(connection: Connection, rollup: Rollup) -> bool:
    return rows_of(connection, upkeep_sql.imbalance(rollup)) != [(0, 0)]


def _count_more(connection: Connection) -> bool:
    due = [coverage for coverage in coverages(connection) if coverage.is_due]
    if due:
        _count(connection, due[0])
    return bool(due)


def _count(connection: Connection, coverage: Coverage) -> None:
    end = min(coverage.covered + STEP, coverage.stored)
    for statement in (upkeep_sql.count_events, upkeep_sql.note_covered):
        rows_of(connection, statement(coverage.rollup, coverage.covered, end))


def _empty(connection: Connection, rollup: Rollup) -> None:
    for statement in (upkeep_sql.delete_cells, upkeep_sql.note_empty):
        rows_of(connection, statement(rollup))
