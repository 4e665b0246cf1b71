"""What reviewers say of alarms: seen, expected or an incident, with a note. Kept in `<store>.marks.jsonl`.

The events are not touched, and reading them again loses no mark: a mark belongs to the alarm of the same series that
it overlaps in time, also when another sensitivity or zone gives that alarm another first hour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alarms.journal import Journal
from alarms.spike import AlarmKey, LoginAlarm, overlaps

SEEN, EXPECTED, INCIDENT, OPEN = "seen", "expected", "incident", "open"
VERDICTS = (SEEN, EXPECTED, INCIDENT, OPEN)
"""`open` takes a mark back; an alarm without a mark is open."""

NOTE_MAX = 2000
BY_MAX = 256


@dataclass(frozen=True)
class Mark:
    """A verdict on the alarm `key`, which lasted until `end` when it was marked; `at` is when. Times are naive UTC."""

    key: AlarmKey
    end: datetime
    verdict: str
    note: str
    by: str
    at: datetime

    def covers(self, alarm: LoginAlarm) -> bool:
        """Whether the whole alarm had been there to see; False where it went on after the mark."""
        return alarm.end <= self.end


def marks_path(store: Path) -> Path:
    """Where the marks on alarms of this store are kept."""
    return store.with_name(store.name + ".marks.jsonl")


def mark(
    store: Path, alarm: LoginAlarm, verdict: str, *, note: str = "", by: str = "", at: datetime | None = None
) -> Mark:
    """Say what an alarm is; durable when this returns. `at` is naive UTC, default: the clock.

    Raises ValueError for another verdict or a text that is too long, SpoolFull when the disk is full, and
    AuditStoreError when it failed.
    """
    if verdict not in VERDICTS:
        raise ValueError(f"verdict is {verdict!r}: give one of {', '.join(VERDICTS)}")
    for name, text, most in (("note", note, NOTE_MAX), ("by", by, BY_MAX)):
        if len(text) > most:
            raise ValueError(f"{name} has {len(text):,} characters: give at most {most:,}")
    made = Mark(alarm.key, alarm.end, verdict, note, by, at or datetime.now(UTC).replace(tzinfo=None))
    Journal(marks_path(store)).append(_record(made))
    return made


def read(store: Path) -> list[Mark]:
    """Every mark ever made, oldest first. Raises AuditStoreError where the file cannot be read."""
    return [found for record in Journal(marks_path(store)).records() if (found := _mark(record))]


def mark_of(alarm: LoginAlarm, marks: Iterable[Mark]) -> Mark | None:
    """The newest mark on an alarm; None where it is open."""
    span = (alarm.key.start, alarm.end)
    own = [
        each
        for each in marks
        if each.key.series == alarm.key.series and overlaps(span, (each.key.start, each.end), timedelta())
    ]
    return own[-1] if own and own[-1].verdict != OPEN else None


def chosen(alarms: Iterable[LoginAlarm], marks: Sequence[Mark], verdicts: Sequence[str]) -> list[LoginAlarm]:
    """The alarms whose verdict is among `verdicts`, in their order; all where none is named."""
    if not verdicts:
        return list(alarms)
    return [alarm for alarm in alarms if _verdict(mark_of(alarm, marks)) in verdicts]


def _verdict(found: Mark | None) -> str:
    return OPEN if found is None else found.verdict


def _record(made: Mark) -> dict[str, Any]:
    return {
        "kind": made.key.kind,
        "scope": made.key.scope,
        "agent": made.key.agent,
        "start": made.key.start.isoformat(),
        "end": made.end.isoformat(),
        "verdict": made.verdict,
        "note": made.note,
        "by": made.by,
        "at": made.at.isoformat(),
    }


def _mark(record: dict[str, Any]) -> Mark | None:
    """None for a line that is no mark: somebody else's, or of a version to come."""
    try:
        kind, scope, agent = (str(record[name]) for name in ("kind", "scope", "agent"))
        start, end, at = (datetime.fromisoformat(record[name]) for name in ("start", "end", "at"))
        verdict, note, by = (str(record.get(name, "")) for name in ("verdict", "note", "by"))
    except (KeyError, TypeError, ValueError):
        return None
    key = AlarmKey(kind, scope, agent, start)
    return Mark(key, end, verdict, note, by, at) if verdict in VERDICTS else None
