"""The roll-ups: tables of counted events, and how they are created."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from audit_store import catalogue
from audit_store.engines.duckdb.connection import Connection

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
_SCHEMA = Path(__file__).with_name("tables.sql")


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table with a row, `events`, for each bucket of time and each combination of values in `columns`.

    `bucket` is the column with the start (UTC) of a bucket, which is `width` long. With `of_logins`, only events of
    some activities are counted, those that `rollups.activities` lists.
    """

    name: str
    bucket: str
    width: timedelta
    columns: tuple[str, ...]
    of_logins: bool = False


# A quarter of an hour, because the offsets of all zones since 1972 are multiples of it (IANA tz database).
BY_QUARTER_HOUR = Rollup("events_by_quarter_hour", "quarter_hour", QUARTER, ("activity", "outcome", "source"))
BY_DAY = Rollup("events_by_day", "day", DAY, ("agent", "activity", "outcome", "source"))
LOGINS = Rollup(
    "logins_by_quarter_hour",
    "quarter_hour",
    QUARTER,
    ("agent", "activity", "outcome", "source"),
    of_logins=True,
)
ROLLUPS = (BY_QUARTER_HOUR, BY_DAY, LOGINS)
NAMES = ("rollups", *(rollup.name for rollup in ROLLUPS))


def create(connection: Connection, tables: Sequence[str]) -> None:
    """Create empty roll-ups, also where only some of them are among the store's `tables`."""
    for name in NAMES:
        if name in tables:
            connection.execute(f"DROP TABLE {name}")
    for statement in _statements():
        connection.execute(statement)
    logins = sorted(catalogue.load().logins)
    for rollup in ROLLUPS:
        activities = logins if rollup.of_logins else None
        connection.execute("INSERT INTO rollups VALUES (?, 0, 0, ?, 0, NULL)", [rollup.name, activities])


def prepare_reading(connection: Connection) -> None:
    """Let statements know what the roll-ups of this file cover: nothing where it has none."""
    tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables.issuperset(NAMES):
        for statement in _statements():
            if statement.startswith("CREATE TABLE"):
                connection.execute(statement.replace("TABLE", "TEMP TABLE", 1))
    covered = {rollup.name: (0, None) for rollup in ROLLUPS}
    rows = connection.execute("SELECT name, covered, activities FROM rollups").fetchall()
    covered |= {name: (seq, activities) for name, seq, activities in rows}
    for rollup in ROLLUPS:
        seq, activities = covered[rollup.name]
        connection.execute(f"SET VARIABLE covered_{rollup.name} = {seq}")
        if rollup.of_logins:
            connection.execute(
                "SET VARIABLE login_activities = $activities::VARCHAR[]", {"activities": activities or []}
            )


def _statements() -> list[str]:
    """The statements of tables.sql."""
    parts = re.split(r";\n", _SCHEMA.read_text(encoding="utf-8"))
    return [re.sub(r"\A(--.*\n|\s)*", "", part) for part in parts if part.strip()]
