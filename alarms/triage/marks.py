"""What reviewers say of alarms: acknowledged, expected or an incident, with a note.

A mark is kept beside the store and belongs to the alarm that overlaps it in time in one of its series. So it stays
where events are imported again, and where another sensitivity or time zone gives the alarm another first hour.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from alarms.login_alarm import AlarmKey, LoginAlarm
from alarms.records.identity import SeriesSpan, is_same_alarm, spans_of
from audit_store.local_time import from_utc_text, now, utc_text
from audit_store.state import marks as rows
from audit_store.state.marks import MarkRow

ACKNOWLEDGED, EXPECTED, INCIDENT, OPEN = "acknowledged", "expected", "incident", "open"
VERDICTS = (ACKNOWLEDGED, EXPECTED, INCIDENT, OPEN)
"""`open` takes a mark back; an alarm without a mark is open."""

NOTE_MAX = 2000
BY_MAX = 256
"""The most characters of a note, and of the name of whoever makes a mark."""


@dataclass(frozen=True)
class Mark:
    """A verdict on an alarm that was seen in `spans` when it was marked, its own first; `at` (naive UTC) is when."""

    spans: tuple[SeriesSpan, ...]
    verdict: str
    note: str
    by: str
    at: datetime

    @property
    def key(self) -> AlarmKey:
        """The key that the alarm had."""
        return self.spans[0].key

    @property
    def end(self) -> datetime:
        """The end that the alarm had (naive UTC)."""
        return self.spans[0].end


def mark(
    store: Path, alarm: LoginAlarm, verdict: str, *, note: str = "", by: str = "", at: datetime | None = None
) -> Mark:
    """Say what an alarm is; durable when this returns. `at` is naive UTC, default: the time now.

    Raises ValueError for another verdict or a text that is too long, and AuditStoreError where it is not stored.
    """
    if verdict not in VERDICTS:
        raise ValueError(f"verdict is {verdict!r}: give one of {', '.join(VERDICTS)}")
    for name, text, most in (("note", note, NOTE_MAX), ("by", by, BY_MAX)):
        if len(text) > most:
            raise ValueError(f"{name} has {len(text):,} characters: give at most {most:,}")
    new = Mark(spans_of(alarm), verdict, note, by, at or now())
    spans = [span.as_record() for span in new.spans]
    rows.insert(store, MarkRow(spans, verdict, note, by, utc_text(new.at)))
    return new


def read(store: Path) -> list[Mark]:
    """Every mark, oldest first. Raises AuditStoreError where they cannot be read."""
    return [mark for row in rows.read(store) if (mark := _from_row(row)) is not None]


def mark_of(alarm: LoginAlarm, marks: Iterable[Mark]) -> Mark | None:
    """The newest mark on an alarm; None where it is open."""
    own = [mark for mark in marks if is_same_alarm(alarm, mark.spans, timedelta())]
    return own[-1] if own and own[-1].verdict != OPEN else None


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
