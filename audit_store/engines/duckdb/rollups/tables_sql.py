"""The statements about the roll-ups as tables."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from audit_store.engines.duckdb.connection import statements_of
from audit_store.engines.duckdb.rollups.rollup import ROLLUPS, Rollup
from audit_store.engines.protocol import Query

_DEFINITIONS = Path(__file__).with_name("tables.sql")


def definitions() -> list[str]:
    """The statements of tables.sql."""
    return statements_of(_DEFINITIONS)


def definitions_of(name: str) -> list[str]:
    """Those about one table."""
    return [part for part in definitions() if re.match(rf"(CREATE|COMMENT ON) (TABLE|COLUMN) {name}\b", part)]


def temporary() -> list[str]:
    """Those that create tables, for a connection that may only read."""
    create = "CREATE TABLE"
    return [part.replace(create, "CREATE TEMP TABLE", 1) for part in definitions() if part.startswith(create)]


def drop(name: str) -> Query:
    """Drop a table, if there is one."""
    return Query(f"DROP TABLE IF EXISTS {name}")


def forget(rollup: Rollup) -> Query:
    """Delete what is noted of a roll-up."""
    return Query("DELETE FROM rollups WHERE name = $name", {"name": rollup.name})


def introduce(rollup: Rollup, activities: Sequence[str] | None) -> Query:
    """Note that a roll-up counts nothing yet, and which activities it will count (None: all)."""
    return Query(
        "INSERT INTO rollups VALUES ($name, 0, 0, $activities::VARCHAR[], 0, NULL)",
        {"name": rollup.name, "activities": activities},
    )


def coverage() -> Query:
    """Rows name, covered, activities; cannot be run where a roll-up is missing."""
    tables = "".join(
        f" UNION ALL SELECT NULL, NULL, NULL FROM {rollup.name} WHERE false" for rollup in ROLLUPS
    )
    return Query(f"SELECT name, covered, activities FROM rollups{tables}")


def set_coverage(variable: Mapping[str, Any]) -> Query:
    """Keep for the connection what each roll-up covers, and the activities that are counted as logins."""
    return Query("SET VARIABLE rollups = $rollups", {"rollups": variable})


def covered(rollup: Rollup) -> str:
    """How many events a roll-up counts, as an expression that is constant while a file is open."""
    return f"getvariable('rollups').{rollup.name}"


def logins() -> str:
    """The activities that are counted as logins, as such an expression."""
    return "getvariable('rollups').activities"
