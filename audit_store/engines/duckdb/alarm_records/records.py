"""The records of alarms in a DuckDB file: an AlarmRecords of audit_store/engines/alarm_records.py."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from audit_store.engines.alarm_records import JudgedStretch
from audit_store.engines.duckdb.alarm_records import records_sql
from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.protocol import WRITE_WAIT


class AlarmRecords:
    """Statements, and a write that opens the file with `open_to_write`, which takes the seconds to wait."""

    newest = staticmethod(records_sql.newest)
    revisions = staticmethod(records_sql.revisions)
    judged_hours = staticmethod(records_sql.judged_hours)
    detector = staticmethod(records_sql.detector)

    def __init__(self, open_to_write: Callable[[float], AbstractContextManager[Connection]]) -> None:
        self._open_to_write = open_to_write

    def write(self, stretch: JudgedStretch, wait: float = WRITE_WAIT) -> None:
        """Store what judging a stretch has found, in one transaction; durable when this returns.

        `wait` is in seconds. Raises as `Store.fold`, and AuditStoreError for a revision that is stored already.
        """
        with self._open_to_write(wait) as connection:
            connection.execute("BEGIN")
            _write(connection, stretch)
            connection.execute("COMMIT")
            connection.execute("CHECKPOINT")


def _write(connection: Connection, stretch: JudgedStretch) -> None:
    statements = [records_sql.forget_hours(stretch.start, stretch.end), records_sql.forget_detector()]
    if stretch.revisions:
        types = dict(rows_of(connection, records_sql.column_types()))
        statements.append(records_sql.insert_revisions(stretch.revisions, types))
    if stretch.hours:
        statements.append(records_sql.insert_hours(stretch.hours))
    statements.append(records_sql.insert_detector(stretch.detector))
    for statement in statements:
        rows_of(connection, statement)
