"""What a fold gives: the number of events stored, and the rows that conflict with stored ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoldCounts:
    """What became of the events of some segments; `segments` counts the segments themselves."""

    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    segments: int = 0

    @property
    def events(self) -> int:
        """How many rows were compared with the store."""
        return self.stored + self.duplicates + self.conflicts

    def __add__(self, other: "FoldCounts") -> "FoldCounts":
        return FoldCounts(*(getattr(self, name) + getattr(other, name) for name in FoldCounts.__slots__))


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row whose key another body has: `first_seq` is that of the stored event, None when it is in the same fold.

    `segment` and `line` say where the row came from; `body` is the row as JSON text.
    """

    segment: str
    line: int
    first_seq: int | None
    event_id: str
    body: str
