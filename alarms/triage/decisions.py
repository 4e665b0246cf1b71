"""What is decided about each alarm: its state, or the exception by which it is expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alarms.records.record import AlarmRecord
from alarms.triage import exceptions as exceptions_of
from alarms.triage.exceptions import AlarmException, silences
from alarms.triage.states import OPEN, STATES, State, Triage, states

OVER, SILENCED = "over", "silenced"
USUAL = (*STATES, OVER)
"""The statuses of alarms that are listed where none is chosen: what an exception expects is not."""
STATUSES = (*USUAL, SILENCED)


@dataclass(frozen=True, slots=True)
class Decision:
    """The `state` of an alarm, the exception that holds for it, if any, and whether what it is about works again."""

    state: State
    exception: AlarmException | None
    works_again: bool

    @property
    def status(self) -> str:
        """One of STATUSES: a reviewer's state, else OVER if it works again, else SILENCED if an exception holds."""
        if self.works_again and self.state.state == OPEN:
            return OVER
        is_decided = self.state.at is not None and not self.state.grew
        return SILENCED if self.exception is not None and not is_decided else self.state.state

    @property
    def is_open(self) -> bool:
        """Whether somebody has to look at the alarm: it is open, and not expected."""
        return self.status == OPEN


@dataclass(frozen=True, slots=True)
class Decisions:
    """Every state and exception of a store."""

    triage: Triage
    exceptions: Sequence[AlarmException]

    @classmethod
    def read(cls, store: Path) -> "Decisions":
        """Those of a store. Raises AuditStoreError where they cannot be read."""
        return cls(states(store), exceptions_of.read(store))

    @classmethod
    def none(cls) -> "Decisions":
        """Nothing is decided: every alarm is open."""
        return cls(Triage({}, ()), ())

    def of(self, record: AlarmRecord) -> Decision:
        """What is decided about an alarm at one of its revisions."""
        return Decision(self.triage.of(record), silences(record, self.exceptions), record.works_again)
