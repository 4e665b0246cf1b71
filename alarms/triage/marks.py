"""What reviewers say of alarms: seen, expected or an incident, with a note. Kept in `<store>.marks.jsonl`.

The events are not touched, and reading them again loses no mark: a mark belongs to the alarm of a same series that
it overlaps in time, also when another sensitivity or zone gives that alarm another first hour.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alarms.login_alarm import AlarmKey, LoginAlarm
from alarms.triage.identity import Scope, is_that, scope_of, scopes_of
from alarms.triage.journal import Journal

SEEN, EXPECTED, INCIDENT, OPEN = "seen", "expected", "incident", "open"
VERDICTS = (SEEN, EXPECTED, INCIDENT, OPEN)
"""`open` takes a mark back; an alarm without a mark is open."""

NOTE_MAX = 2000
BY_MAX = 256


@dataclass(frozen=True)
class Mark:
    """A verdict on an alarm that was seen in `scopes` when it was marked, its own first; `at` (naive UTC) is when."""

    scopes: tuple[Scope, ...]
    verdict: str
    note: str
    by: str
    at: datetime

    @property
    def key(self) -> AlarmKey:
        """The key that the alarm had."""
        return self.scopes[0].key

    @property
    def end(self) -> datetime:
        """Until when (naive UTC) the alarm had lasted."""
        return self.scopes[0].end

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
    made = Mark(scopes_of(alarm), verdict, note, by, at or datetime.now(UTC).replace(tzinfo=None))
    Journal(marks_path(store)).append(_record(made))
    return made


def read(store: Path) -> list[Mark]:
    """Every mark ever made, oldest first. Raises AuditStoreError where the file cannot be read."""
    return [found for record in Journal(marks_path(store)).records() if (found := _mark(record))]


def mark_of(alarm: LoginAlarm, marks: Iterable[Mark]) -> Mark | None:
    """The newest mark on an alarm; None where it is open."""
    own = [each for each in marks if is_that(alarm, each.scopes, timedelta())]
    return own[-1] if own and own[-1].verdict != OPEN else None


def chosen(alarms: Iterable[LoginAlarm], marks: Sequence[Mark], verdicts: Sequence[str]) -> list[LoginAlarm]:
    """The alarms whose verdict is among `verdicts`, in their order; all where none is named."""
    if not verdicts:
        return list(alarms)
    return [alarm for alarm in alarms if _verdict(mark_of(alarm, marks)) in verdicts]


def _verdict(found: Mark | None) -> str:
    return OPEN if found is None else found.verdict


def _record(made: Mark) -> dict[str, Any]:
    return made.scopes[0].record() | {
        "also": [scope.record() for scope in made.scopes[1:]],
        "verdict": made.verdict,
        "note": made.note,
        "by": made.by,
        "at": made.at.isoformat(),
    }


def _mark(record: dict[str, Any]) -> Mark | None:
    """None for a line that is no mark: somebody else's, or of a version to come."""
    try:
        scopes = scope_of(record), *map(scope_of, record.get("also", ()))
        verdict, note, by = (str(record.get(name, "")) for name in ("verdict", "note", "by"))
        at = datetime.fromisoformat(record["at"])
    except (KeyError, TypeError, ValueError):
        return None
    return Mark(scopes, verdict, note, by, at) if verdict in VERDICTS else None
