"""What an engine gives for a store that is damaged or gone: a report of what can be read, a copy, its replacement."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class RepairReport(Protocol):
    """What a repair read and saved."""

    @property
    def status(self) -> int:
        """0: every event can be read or is saved; 1: events are missing; 2: nothing could be read."""

    def text(self) -> str:
        """The report for a person, in lines."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store holds, once every value was read: its ID, and how many events, with `seq` from 0 without a gap."""

    store_id: str
    events: int

    @property
    def last_seq(self) -> int:
        """The `seq` of the last event; -1 without events."""
        return self.events - 1


@dataclass(frozen=True, slots=True)
class Replacement:
    """What became of a store that a copy has replaced.

    `aside` is the file that was in its place, under its new name. `last_seq` is the last `seq` that is remembered
    of the store; None if nothing is remembered, or something of another store.
    """

    aside: Path | None
    last_seq: int | None
