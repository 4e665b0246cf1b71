"""States of alarms: what reviewers decided about each, by whom, when and why.

A state belongs to the id of an alarm. An alarm that has grown past what its reviewer saw is open again, unless it is
over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from alarms.records.identity import is_same
from alarms.records.record import AlarmRecord
from alarms.triage import marks
from alarms.triage.marks import Mark
from alarms.triage.seen import Seen
from audit_store.local_time import from_utc_text, now, utc_text
from audit_store.state import triage as rows
from audit_store.state.triage import TriageRow

OPEN, ACKNOWLEDGED, EXPECTED, INCIDENT, CLOSED = "open", "acknowledged", "expected", "incident", "closed"
STATES = (OPEN, ACKNOWLEDGED, EXPECTED, INCIDENT, CLOSED)
NOTE_MAX = 2000
BY_MAX = 256
"""The most characters of a note, and of the name of whoever sets a state."""


@dataclass(frozen=True, slots=True)
class State:
    """One of STATES, by whom and when (naive UTC; None: by nobody), and why.

    `grew` says what an alarm has grown by since that state; it is open again, and `state` is OPEN.
    """

    state: str = OPEN
    by: str = ""
    at: datetime | None = None
    note: str = ""
    grew: str = ""


@dataclass(frozen=True, slots=True)
class Triage:
    """Every decision of a store, oldest first: `by_id`, and the `marks` that were made without an id."""

    by_id: Mapping[str, Sequence[tuple[State, Seen]]]
    marks: Sequence[Mark]

    def of(self, record: AlarmRecord) -> State:
        """The state of an alarm at one of its revisions."""
        decisions = self._decisions(record)
        if not decisions:
            return State()
        state, seen = decisions[-1]
        if state.state != OPEN and not record.is_over and (grew := seen.growth(record)):
            return replace(state, state=OPEN, grew=f"{grew} since {state.state}")
        return state

    def history(self, record: AlarmRecord) -> list[State]:
        """The states that reviewers gave to an alarm, oldest first."""
        return [state for state, _ in self._decisions(record)]

    def _decisions(self, record: AlarmRecord) -> Sequence[tuple[State, Seen]]:
        own = [mark for mark in self.marks if is_same(record.spans, mark.spans, timedelta())]
        return [*map(_of_mark, own), *self.by_id.get(record.id, ())]


def set_state(
    store: Path,
    record: AlarmRecord,
    state: str,
    *,
    note: str = "",
    by: str = "",
    at: datetime | None = None,
) -> State:
    """Give an alarm a state; durable when this returns. `at` is naive UTC, default: the time now.

    Raises ValueError for another state or a text that is too long, and AuditStoreError where it is not stored.
    """
    if state not in STATES:
        raise ValueError(f"state is {state!r}: give one of {', '.join(STATES)}")
    check_lengths(note, by)
    new = State(state, by, at or now(), note)
    row = TriageRow(record.id, state, note, by, utc_text(new.at or now()), Seen.of(record).as_json())
    rows.insert(store, row)
    return new


def states(store: Path) -> Triage:
    """The decisions about the alarms of a store. Raises AuditStoreError where they cannot be read."""
    by_id: dict[str, list[tuple[State, Seen]]] = {}
    for row in rows.read(store):
        if (decision := _from_row(row)) is not None:
            by_id.setdefault(row.alarm_id, []).append(decision)
    return Triage(by_id, marks.read(store))


def check_lengths(note: str, by: str) -> None:
    """Raises ValueError for a note, or the name of a reviewer, that is too long."""
    for name, text, most in (("note", note, NOTE_MAX), ("by", by, BY_MAX)):
        if len(text) > most:
            raise ValueError(f"{name} has {len(text):,} characters: give at most {most:,}")


def _from_row(row: TriageRow) -> tuple[State, Seen] | None:
    """None for a row with values of a later version."""
    try:
        state = State(row.state, row.set_by, from_utc_text(row.set_at), row.note)
        seen = Seen.from_json(row.seen)
    except (KeyError, TypeError, ValueError):
        return None
    return (state, seen) if row.state in STATES else None


def _of_mark(mark: Mark) -> tuple[State, Seen]:
    return State(mark.verdict, mark.by, mark.at, mark.note), Seen(mark.end)
