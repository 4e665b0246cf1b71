"""The positions of a filter's events in the log, read in stretches of `seq` from one end of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import pandas as pd

from audit_store.engines.protocol import SEQ_BLOCK, Query
from dashboard import data
from dashboard.log.pin import Pin

NARROWEST, WIDEST, WIDER = SEQ_BLOCK, 512 * SEQ_BLOCK, 8
"""The widths of the first and of the widest stretch in values of `seq`, and how much wider each is than the last."""
MANY = 1 << 16
"""From this many expected events, a stretch is counted by blocks and its positions are read when they are shown."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The `events` of the filter with `since` <= seq < `below`; their positions, the newest first, where known."""

    since: int
    below: int
    events: int
    seqs: tuple[int, ...] | None


class Walk:
    """The events of a pinned log as far as they have been read from its newest end, or its oldest.

    Each step reads one stretch of the log with one opening of the store. Stretches widen, so that the nearest page
    costs little and a distant event few steps, up to a width that other programs can wait for. Reading raises as
    `data.surroundings` does.
    """

    def __init__(self, pinned: Pin, *, oldest_first: bool = False) -> None:
        self.pinned = pinned
        self.events = 0
        """How many events have been found."""
        self.since, self.below = 0, pinned.below
        """What has not been read yet: `since` <= seq < `below`."""
        self.reached: datetime | None = None
        """When the last event that was compared with the filter occurred (naive UTC)."""
        self._oldest_first = oldest_first
        self._pieces: list[Piece] = []
        self._width = NARROWEST
        self._density = 0.0

    @property
    def complete(self) -> bool:
        """Whether the whole log has been read."""
        return self.since >= self.below

    def statements(self) -> list[Query]:
        """What the next step reads; none where the whole log has been read."""
        if self.complete:
            return []
        since, below = self._next_stretch()
        statement = data.queries().blocks if self._has_many(since, below) else data.queries().seqs
        return [
            statement(self.pinned.where, since=since, below=below),
            data.queries().events_at([below - 1 if self._oldest_first else since], ("occurred_at",)),
        ]

    def step(self) -> None:
        """Read the next stretch."""
        since, below = self._next_stretch()
        rows, last = data.frames(*self.statements())
        counted = self._has_many(since, below)
        pieces = list(_counted(rows, since, below) if counted else _listed(rows, since, below))
        self._pieces += reversed(pieces) if self._oldest_first else pieces
        self._density = sum(piece.events for piece in pieces) / (below - since)
        self.events += sum(piece.events for piece in pieces)
        self.since, self.below = (below, self.below) if self._oldest_first else (self.since, since)
        self._width = min(WIDER * self._width, WIDEST)
        if not last.empty:  # a repaired store may lack some
            self.reached = last["occurred_at"].iloc[0].to_pydatetime()

    def read(self, events: int, *, within: int | None = None) -> None:
        """Read until so many events are found, or the end, or so many values of `seq` have been passed."""
        unread = 0 if within is None else self.pinned.below - within
        while not self.complete and self.events < events and self.below - self.since > unread:
            self.step()

    def read_to(self, seq: int) -> None:
        """Read until the event `seq` has been passed, or the end."""
        while not self.complete and not self.has_passed(seq):
            self.step()

    def has_passed(self, seq: int) -> bool:
        """Whether all between the end of the log, where this began, and `seq` has been read."""
        return seq < self.since if self._oldest_first else seq >= self.below

    def seqs(self, skip: int, rows: int) -> list[int]:
        """The positions of up to `rows` events after the first `skip`, in the order of reading, as far as read."""
        pieces: list[Piece] = []
        for piece in self._pieces:
            if not pieces and piece.events <= skip:
                skip -= piece.events
                continue
            pieces.append(piece)
            if sum(piece.events for piece in pieces) >= skip + rows:
                break
        return self._positions(pieces)[skip : skip + rows]

    def before(self, seq: int) -> int:
        """How many events come before the passed position `seq`, in the order of reading."""
        events, around = 0, []
        for piece in self._pieces:
            if piece.since <= seq < piece.below:
                around.append(piece)
            elif (piece.since > seq) != self._oldest_first:
                events += piece.events
        return events + sum(
            (other > seq) != self._oldest_first for other in self._positions(around) if other != seq
        )

    def _has_many(self, since: int, below: int) -> bool:
        """Whether a stretch is expected to have so many events that it is counted by blocks."""
        return self._density * (below - since) > MANY

    def _next_stretch(self) -> tuple[int, int]:
        """Its bounds are multiples of its width where the log does not end."""
        if self._oldest_first:
            return self.since, min((self.since // self._width + 1) * self._width, self.below)
        return max((self.below - 1) // self._width * self._width, self.since), self.below

    def _positions(self, pieces: Sequence[Piece]) -> list[int]:
        """The positions of the events of successive pieces, in one opening of the store for those that are unknown."""
        runs = [(known, list(run)) for known, run in groupby(pieces, lambda piece: piece.seqs is not None)]
        read = iter(data.frames(*(self._between(run) for known, run in runs if not known)))
        positions: list[int] = []
        for known, run in runs:
            positions += (
                (seq for piece in run for seq in piece.seqs or ()) if known else next(read)["seq"].tolist()
            )
        return sorted(positions, reverse=not self._oldest_first)

    def _between(self, run: Sequence[Piece]) -> Query:
        since, below = min(piece.since for piece in run), max(piece.below for piece in run)
        return data.queries().seqs(self.pinned.where, since=since, below=below)


def _listed(rows: pd.DataFrame, since: int, below: int) -> Iterator[Piece]:
    """The piece of a stretch of few events; `rows` has their positions."""
    if not rows.empty:
        yield Piece(since, below, len(rows), tuple(rows["seq"].tolist()))


def _counted(rows: pd.DataFrame, since: int, below: int) -> Iterator[Piece]:
    """The pieces of a stretch of many events, one a block; `rows` has their numbers of events."""
    for block, events in zip(rows["block"].tolist(), rows["events"].tolist(), strict=True):
        first = block * SEQ_BLOCK
        yield Piece(max(first, since), min(first + SEQ_BLOCK, below), events, None)
