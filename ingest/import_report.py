"""What an import did, in events."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, in events.

    `waiting` events are safe in the spool and not in the DuckDB file yet. `skipped` counts the records that are no
    events by the rules of their format; they are not among those read. `notes` are sentences for a person about what
    did not go as it should.
    """

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    waiting: int = 0
    skipped: int = 0
    notes: tuple[str, ...] = ()

    def words(self) -> str:
        """The line an import ends with."""
        text = (
            f"read {self.read}, stored {self.stored}, duplicate {self.duplicates}, "
            f"conflict {self.conflicts}, rejected {self.rejected}"
        )
        text += f", waiting {self.waiting}" if self.waiting else ""
        return text + (f", skipped {self.skipped}" if self.skipped else "")

    def as_dict(self) -> dict[str, int]:
        """The same for a program."""
        return {
            "read": self.read,
            "stored": self.stored,
            "duplicate": self.duplicates,
            "conflict": self.conflicts,
            "rejected": self.rejected,
            "waiting": self.waiting,
            "skipped": self.skipped,
        }
