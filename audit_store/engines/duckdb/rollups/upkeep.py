"""Keeps the roll-ups in step with the events, in short steps: folds count new events, a dashboard does the rest."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.error_translation import is_readable
from audit_store.engines.duckdb.rollups import compaction, tables, upkeep_sql
from audit_store.engines.duckdb.rollups.rollup import ROLLUPS, Rollup
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
    """What each roll-up covers, the least covered one first; those are left out of which this cannot be read.

    Where a block is damaged, this ends a transaction.
    """
    by_name = {rollup.name: rollup for rollup in ROLLUPS}
    rows: list[tuple[Any, ...]] = []
    is_readable(lambda: rows.extend(rows_of(connection, upkeep_sql.coverages())))
    return [
        Coverage(by_name[name], covered, stored, tuple(activities))
        for name, covered, stored, activities in rows
        if name in by_name
    ]


def extend(connection: Connection, known: Sequence[Coverage], stored: int) -> None:
    """Count up to STEP more events in each roll-up that leaves out a batch or more, in the caller's transaction.

    `known` is what each covered before the transaction, `stored` how many events there are in it.
    """
    for coverage in known:
        extended = replace(coverage, stored=stored)
        if extended.is_due:
            _count(connection, extended)


def next_step(connection: Connection, logins: Sequence[str]) -> Callable[[], None] | None:
    """The most urgent of the steps that are due, with `logins` as the activities that are logins; None without any.

    Looking changes nothing, so the connection may be one that only reads; it ends a transaction where a block is
    damaged. The step runs in the caller's transaction.
    """
    states = coverages(connection)
    if {coverage.rollup for coverage in states} != set(ROLLUPS):
        return partial(tables.create_anew, connection)
    if damaged := [rollup for rollup in ROLLUPS if is_damaged(connection, rollup)]:
        return partial(_rebuild, connection, damaged)
    if changed := [coverage.rollup for coverage in states if _counts_others(coverage, logins)]:
        return partial(_take_logins, connection, changed, sorted(logins))
    if due := [coverage for coverage in states if coverage.is_due]:
        return partial(_count, connection, due[0])
    if unreadable := [rollup for rollup in ROLLUPS if not is_whole(connection, rollup)]:
        return partial(_rebuild, connection, unreadable)
    if repeating := [rollup for rollup in ROLLUPS if compaction.is_due(connection, rollup)]:
        return partial(compaction.compact, connection, repeating[0])
    return None


def roll_up(connection: Connection, logins: Sequence[str]) -> bool:
    """Do the next step in a transaction of its own; gives whether there was one."""
    step = next_step(connection, logins)
    if step is None:
        return False
    connection.execute("BEGIN")
    step()
    connection.execute("COMMIT")
    connection.checkpoint()
    return True


def is_damaged(connection: Connection, rollup: Rollup) -> bool:
    """Whether a roll-up holds another number of events than it should, or a block of these numbers is damaged."""
    rows: list[tuple[int, int]] = []
    is_readable(lambda: rows.extend(rows_of(connection, upkeep_sql.imbalance(rollup))))
    return rows != [(0, 0)]


def is_whole(connection: Connection, rollup: Rollup) -> bool:
    """Whether every value of a roll-up can be read."""
    return is_readable(lambda: rows_of(connection, upkeep_sql.every_value(rollup)))


def _rebuild(connection: Connection, damaged: Sequence[Rollup]) -> None:
    """Empty roll-ups; the next steps count their events again."""
    for rollup in damaged:
        logging.getLogger(__name__).warning(
            "the roll-up %s does not agree with the events, or is damaged: rebuilt", rollup.name
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
    tables.recreate(connection, rollup)
    rows_of(connection, upkeep_sql.note_empty(rollup))
