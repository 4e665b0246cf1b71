"""The statements about the records of alarms as tables."""

import re
from collections.abc import Collection
from pathlib import Path

from audit_store.engines.duckdb.connection import statements_of
from audit_store.engines.protocol import Query

NAMES = ("alarm_revisions", "judged_hours", "detector", "judged_rules")
_DEFINITIONS = Path(__file__).with_name("tables.sql")
_TABLE = re.compile(r"(?:CREATE TABLE|COMMENT ON TABLE|COMMENT ON COLUMN) (\w+)")


def definitions(tables: Collection[str]) -> list[str]:
    """The statements of tables.sql without those about `tables`, which exist; the view is created anew."""
    return [
        statement.replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
        for statement in statements_of(_DEFINITIONS)
        if (name := _TABLE.match(statement)) is None or name[1] not in tables
    ]


def temporary() -> list[str]:
    """Those that create tables and the view, for a connection that may only read."""
    statements = (part for part in statements_of(_DEFINITIONS) if part.startswith("CREATE"))
    return [statement.replace("CREATE", "CREATE TEMP", 1) for statement in statements]


def look_up() -> Query:
    """No rows; cannot be run where a table or the view is missing."""
    return Query("SELECT NULL FROM alarms, judged_hours, detector, judged_rules WHERE false")
