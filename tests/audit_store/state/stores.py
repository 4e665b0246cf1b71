"""Rows for the tests of a store's state, and what its tables hold."""

import sqlite3
from pathlib import Path

from audit_store.state import database
from audit_store.state.deliveries import Message
from audit_store.state.exceptions import ExceptionRow
from audit_store.state.marks import MarkRow
from audit_store.state.tokens import TokenRow
from audit_store.state.triage import TriageRow

SPAN = {
    "kind": "agent",
    "scope": "",
    "agent": "support-7",
    "start": "2026-03-14T13:00:00",
    "end": "2026-03-14T14:00:00",
}
SINK = "webhook 0123456789abcdef"


def mark_row(note: str = "") -> MarkRow:
    return MarkRow([SPAN], "incident", note, "rita", "2026-03-14T15:00:00.000000Z")


def triage_row(note: str = "") -> TriageRow:
    return TriageRow("0b7bd8f1", "closed", note, "rita", "2026-03-14T15:00:00.000000Z", {"total": 41})


def exception_row(note: str = "") -> ExceptionRow:
    return ExceptionRow("bot", "", "", ["Mon-02"], "2026-06-01", note, "rita", "2026-03-14T15:00:00.000000Z")


def token_row(token_id: str = "42b19fe6") -> TokenRow:
    return TokenRow(token_id, "web", "0" * 64, "2026-03-14T15:00:00.000000Z")


def message(key: str) -> Message:
    return Message(key, [SPAN], f"sentence of {key}", f'{{"key": "{key}"}}')


def rows(store: Path, table: str) -> int:
    """How many rows a table has, without this project's code."""
    connection = sqlite3.connect(database.path_of(store))
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    connection.close()
    return int(count)
