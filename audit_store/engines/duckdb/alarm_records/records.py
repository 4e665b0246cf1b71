"""The records of alarms in a DuckDB file: an AlarmRecords of audit_store/engines/alarm_records.py."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from audit_store.engines.alarm_records import JudgedRules, JudgedStretch, Row
from audit_store.engines.duckdb.alarm_records import records_sql
from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.protocol import WRITE_WAIT, Query


class AlarmRecords:
    """Statements, and a write that opens the file with `open_to_write`, which takes the seconds to wait."""

    newest = staticmethod(records_sql.newest)
    running = staticmethod(records_sql.running)
    revisions = staticmethod(records_sql.revisions)
    judged_hours = staticmethod(records_sql.judged_hours)
    detector = staticmethod(records_sql.detector)
    judged_rules = staticmethod(records_sql.judged_rules)

    def __init__(self, open_to_write: Callable[[float], AbstractContextManager[Connection]]) -> None:
        self._open_to_write = open_to_write

    def write(self, stretch: JudgedStretch, wait: float = WRITE_WAIT) -> None:
        """Store what judging a stretch has found, in one transaction; durable when this returns.

        `wait` is in seconds. Raises as `Store.fold`, and AuditStoreError for a revision that is stored already.
        """
        statements = [records_sql.forget_hours(stretch.start, stretch.end), records_sql.forget_detector()]
        if stretch.hours:
            statements.append(records_sql.insert_hours(stretch.hours))
        statements.append(records_sql.insert_detector(stretch.detector))
        self._write(stretch.revisions, statements, wait)

    def add(
        self, revisions: Sequence[Row], rules: JudgedRules | None = None, wait: float = WRITE_WAIT
    ) -> None:
        """Add revisions, and note what rules were applied to, in one transaction. Raises as `write`."""
        noted = [records_sql.forget_rules(), records_sql.insert_rules(rules)] if rules else []
        self._write(revisions, noted, wait)

    def _write(self, revisions: Sequence[Row], statements: Sequence[Query], wait: float) -> None:
        with self._open_to_write(wait) as connection:
            connection.execute("BEGIN")
            if revisions:
                types = dict(rows_of(connection, records_sql.column_types()))
                rows_of(connection, records_sql.insert_revisions(revisions, types))
            for statement in statements:
                rows_of(connection, statement)
            connection.execute("COMMIT")
            connection.checkpoint()
