"""Keeps the roll-ups in step with the events, in short steps: folds count new events, a dashboard does the rest."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

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


def next_step(connection: Connection, logins: Sequence[str]) -> Callable[[], None] | None:
    """The most urgent of the steps that are due, with `logins` as the activities that are logins; None without any.

    Looking changes nothing, so the connection may be one that only reads. The step runs in the caller's transaction.
    """
    states = coverages(connection)
    if {coverage.rollup for coverage in states} != set(ROLLUPS):
        return partial(tables.create, connection, NAMES)
    if damaged := [rollup for rollup in ROLLUPS if is_damaged(connection, rollup)]:
        return partial(_rebuild, connection, damaged)
    if changed := [coverage.rollup for coverage in states if _counts_others(coverage, logins)]:
        return partial(_take_logins, connection, changed, sorted(logins))
    if due := [coverage for coverage in states if coverage.is_due]:
        return partial(_count, connection, due[0])
    if repeating := [rollup for rollup in ROLLUPS if compaction.is_due(connection, rollup)]:
        return partial(compaction.compact, connection, repeating[0])
    return None


def roll_up(connection: Connection, logins: Sequence[str]) -> bool:
    """Do the next step in a transaction of its own; gives whether there was one."""
    connection.execute("BEGIN")
    step = next_step(connection, logins)
    if step is not None:
        step()
    connection.execute("COMMIT")
    if step is not None:
        connection.execute("CHECKPOINT")
    return step is not None


def is_damaged(connection: Connection, rollup: Rollup) -> bool:
    """Whether a roll-up holds another number of events than it should."""
    return rows_of(connection, upkeep_sql.imbalance(rollup)) != [(0, 0)]


def _rebuild(connection: Connection, damaged: Sequence[Rollup]) -> None:
    """Empty roll-ups; the next steps count their events again."""
    for rollup in damaged:
        logging.getLogger(__name__).warning(
            "the roll-up %s does not agree with the events: rebuilt", rollup.name
        )
        _empty(connection, rollup)


def _take_logins(connection: Connection, rollups: Sequence[Rollup], logins: Sequence[str]) -> None:
    """Have logins counted anew, with other activities than those that were counted."""
    for rollup in rollups:
        _empty(connection, rollup)
        rows_of(connection, upkeep_sql.set_activities(rollup, logins))


def _counts_others(coverage: Coverage, logins: Sequence[str]) -> bool:
    return coverage.rollup.of_logins and set(coverage.activities) != set(logins)


def _count(connection: Connection, coverage: Coverage) -> None:
    end = min(coverage.covered + STEP, coverage.stored)
    for statement in (upkeep_sql.count_events, upkeep_sql.note_covered):
        rows_of(connection, statement(coverage.rollup, coverage.covered, end))


def _empty(connection: Connection, rollup: Rollup) -> None:
    for statement in (upkeep_sql.delete_cells, upkeep_sql.note_empty):
        rows_of(connection, statement(rollup))
