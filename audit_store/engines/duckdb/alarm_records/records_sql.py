"""The statements over the records of alarms, as pure functions to Query(sql, params)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audit_store.engines.alarm_records import Detector, JudgedHour, JudgedRules, Row
from audit_store.engines.protocol import Query
from audit_store.ranges import Period

_WORST_FIRST = (
    "list_position(['critical', 'high', 'medium', 'low'], severity), "
    "list_has_any(json_extract_string(reasons, '$[*].name'), ['sensitive activity', 'api key']) DESC, "
    "json_array_length(reasons) DESC, score DESC, starts_at, id"
)


def newest(period: Period | None, *, with_withdrawn: bool) -> Query:
    """The newest revision of each alarm that touches a period, all columns; the worst alarm first."""
    conditions = ["true"] if with_withdrawn else ["status <> 'withdrawn'"]
    params: dict[str, Any] = {}
    if period is not None and period.start is not None:
        # What does not work still lasts, whenever that was recorded.
        conditions.append("(ends_at > $start OR kind = 'watchdog' AND status = 'running')")
        params["start"] = period.start
    if period is not None and period.end is not None:
        conditions.append("starts_at < $end")
        params["end"] = period.end
    return Query(f"SELECT * FROM alarms WHERE {' AND '.join(conditions)} ORDER BY {_WORST_FIRST}", params)


def running(kinds: Sequence[str]) -> Query:
    """The newest revision of each alarm of these kinds that is running, all columns."""
    return Query(
        "SELECT * FROM alarms WHERE status = 'running' AND kind = ANY($kinds::VARCHAR[]) ORDER BY starts_at, id",
        {"kinds": list(kinds)},
    )


def revisions(alarm_id: str) -> Query:
    """The revisions of an alarm in their order, all columns."""
    return Query("SELECT * FROM alarm_revisions WHERE id = $id ORDER BY revision", {"id": alarm_id})


def judged_hours() -> Query:
    """Rows hour, logins, failed, with_outcome, agents, judged_from, in their order."""
    return Query("SELECT * FROM judged_hours ORDER BY hour")


def detector() -> Query:
    """At most one row: version, settings, judged_until, hours_left, judged_at, problem."""
    return Query("SELECT * FROM detector")


def column_types() -> Query:
    """Rows name, type of the columns of alarm_revisions."""
    return Query("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'alarm_revisions'")


def insert_revisions(rows: Sequence[Row], types: dict[str, str]) -> Query:
    """Add revisions; `types` gives the type of each column."""
    lists = {name: [row[name] for row in rows] for name in rows[0]}
    columns = ", ".join(f'"{name}"' for name in lists)
    values = ", ".join(f"unnest(${name}::{types[name]}[])" for name in lists)
    return Query(f"INSERT INTO alarm_revisions ({columns}) SELECT {values}", lists)


def forget_hours(start: datetime, end: datetime) -> Query:
    """Delete what is noted of the hours of [`start`, `end`)."""
    return Query(
        "DELETE FROM judged_hours WHERE hour >= $start AND hour < $end", {"start": start, "end": end}
    )


def insert_hours(hours: Sequence[JudgedHour]) -> Query:
    """Note what was counted in some hours."""
    columns = dict(zip(JudgedHour._fields, map(list, zip(*hours, strict=True)), strict=True))
    types = {"hour": "TIMESTAMP", "judged_from": "TIMESTAMP"}
    values = ", ".join(f"unnest(${name}::{types.get(name, 'BIGINT')}[])" for name in columns)
    return Query(f"INSERT INTO judged_hours ({', '.join(columns)}) SELECT {values}", columns)


def forget_detector() -> Query:
    """Delete the row of the detector."""
    return Query("DELETE FROM detector")


def insert_detector(detector: Detector) -> Query:
    """Note which detector judged the store, and how far."""
    values = {name: getattr(detector, name) for name in Detector.__slots__}
    columns = ", ".join(values)
    return Query(
        f"INSERT INTO detector ({columns}) VALUES ({', '.join(f'${name}' for name in values)})", values
    )


def judged_rules() -> Query:
    """At most one row: settings, below."""
    return Query("SELECT * FROM judged_rules")


def forget_rules() -> Query:
    """Delete what is noted of rules."""
    return Query("DELETE FROM judged_rules")


def insert_rules(rules: JudgedRules) -> Query:
    """Note what rules were applied to."""
    return Query(
        "INSERT INTO judged_rules (settings, below) VALUES ($settings, $below)",
        {"settings": rules.settings, "below": rules.below},
    )
