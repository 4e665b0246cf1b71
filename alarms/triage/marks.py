"""Marks of version 0.1.0: what reviewers said of alarms before alarms had ids.

A mark belongs to the alarm that overlaps it in time in one of its series.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alarms.records.identity import SeriesSpan
from audit_store.local_time import from_utc_text
from audit_store.state import marks as rows
from audit_store.state.marks import MarkRow

VERDICTS = ("acknowledged", "expected", "incident", "open")
"""`open` takes a mark back."""


@dataclass(frozen=True)
class Mark:
    """A verdict on an alarm that was seen in `spans` when it was marked, its own first; `at` (naive UTC) is when."""

    spans: tuple[SeriesSpan, ...]
    verdict: str
    note: str
    by: str
    at: datetime

    @property
    def end(self) -> datetime:
        """The end that the alarm had (naive UTC)."""
        return self.spans[0].end


def read(store: Path) -> list[Mark]:
    """Every mark, oldest first. Raises AuditStoreError where they cannot be read."""
    return [mark for row in rows.read(store) if (mark := _from_row(row)) is not None]


def _from_row(row: MarkRow) -> Mark | None:
    """None for a row with values of a later version."""
    try:
        spans = tuple(SeriesSpan.from_record(span) for span in row.spans)
        at = from_utc_text(row.marked_at)
    except (KeyError, TypeError, ValueError):
        return None
    return (
        Mark(spans, row.verdict, row.note, row.marked_by, at) if row.verdict in VERDICTS and spans else None
    )
