"""The events of a filter, the newest first: where they are in the log, read backwards in stretches of `seq`."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import pandas as pd
import streamlit as st

from audit_store.engines.protocol import SEQ_BLOCK, Query
from dashboard import data
from dashboard.log.paging import Pin

NARROWEST, WIDEST, WIDER = SEQ_BLOCK, 512 * SEQ_BLOCK, 8
"""The widths of the first and of the widest stretch in values of `seq`, and how much wider each is than the last."""
MANY = 1 << 16
"""From this many expected events, a stretch is counted by blocks and its positions are read when they are shown."""
_LISTING = "log_listing"


@dataclass(frozen=True, slots=True)
class Piece:
    """The `events` of the filter with `since` <= seq < `below`; their positions, the newest first, where known."""

    since: int
    below: int
    events: int
    seqs: tuple[int, ...] | None


class Listing:
    """The list of a pinned log as far as it has been read: all events of the filter with a seq of `below` or more.

    Each step reads one stretch of the log with one opening of the store. Stretches widen, so that the newest page
    costs little and a distant event few steps, up to a width that other programs can wait for. Reading raises as
    `data.surroundings` does.
    """

    def __init__(self, pinned: Pin) -> None:
        self.pinned = pinned
        self.below = pinned.below
        self.events = 0
        """How many events of the list have been found."""
        self.reached: datetime | None = None
        """When the oldest event that has been compared with the filter occurred (naive UTC)."""
        self.stopped = False
        """Whether the viewer has stopped the search."""
        self._pieces: list[Piece] = []
        self._width = NARROWEST
        self._density = 0.0

    @property
    def complete(self) -> bool:
        """Whether the beginning of the log has been reached."""
        return self.below <= 0

    def step(self) -> None:
        """Read the next stretch."""
        since, below = (self.below - 1) // self._width * self._width, self.below
        many = self._density * (below - since) > MANY
        statement = data.queries().blocks if many else data.queries().seqs
        rows, oldest = data.frames(
            statement(self.pinned.where, since=since, below=below),
            data.queries().events_at([since], ("occurred_at",)),
        )
        self._width = min(WIDER * self._width, WIDEST)
        self._pieces += _counted(rows, since, below) if many else _listed(rows, since, below)
        events = int(rows["events"].sum()) if many else len(rows)
        self.events += events
        self._density = events / (below - since)
        self.below = since
        if not oldest.empty:  # a repaired store may lack some
            self.reached = oldest["occurred_at"].iloc[0].to_pydatetime()

    def read(self, events: int, *, through: int | None = None, until: float | None = None) -> None:
        """Read until so many events are found, and the seq `through` is reached, or until a time of `monotonic`."""
        while not self.complete and (self.events < events or (through is not None and self.below > through)):
            if until is not None and time.monotonic() > until:
                break
            self.step()

    def seqs(self, skip: int, rows: int) -> list[int]:
        """The positions of up to `rows` events after `skip` newer ones, as far as they have been read."""
        pieces: list[Piece] = []
        for piece in self._pieces:
            if not pieces and piece.events <= skip:
                skip -= piece.events
                continue
            pieces.append(piece)
            if sum(piece.events for piece in pieces) >= skip + rows:
                break
        return self._positions(pieces)[skip : skip + rows]

    def rank(self, seq: int) -> int | None:
        """How many events of the list are newer than `seq`; None if that has not been read yet."""
        if seq < self.below:
            return None
        newer = sum(piece.events for piece in self._pieces if piece.since > seq)
        around = [piece for piece in self._pieces if piece.since <= seq < piece.below]
        return newer + sum(other > seq for other in self._positions(around))

    def _positions(self, pieces: Sequence[Piece]) -> list[int]:
        """The positions of the events of successive pieces, in one opening of the store for those that are unknown."""
        runs = [(known, list(run)) for known, run in groupby(pieces, lambda piece: piece.seqs is not None)]
        read = iter(data.frames(*(self._between(run) for known, run in runs if not known)))
        positions: list[int] = []
        for known, run in runs:
            positions += (
                (seq for piece in run for seq in piece.seqs or ()) if known else next(read)["seq"].tolist()
            )
        return positions

    def _between(self, run: Sequence[Piece]) -> Query:
        return data.queries().seqs(self.pinned.where, since=run[-1].since, below=run[0].below)


def current(pinned: Pin) -> Listing:
    """The list of this session's log; a new one if the pin has changed."""
    listing: Listing | None = st.session_state.get(_LISTING)
    if listing is None or listing.pinned != pinned:
        listing = st.session_state[_LISTING] = Listing(pinned)
    return listing


def _listed(rows: pd.DataFrame, since: int, below: int) -> Iterator[Piece]:
    """The piece of a stretch of few events; `rows` has their positions."""
    if not rows.empty:
        yield Piece(since, below, len(rows), tuple(rows["seq"].tolist()))


def _counted(rows: pd.DataFrame, since: int, below: int) -> Iterator[Piece]:
    """The pieces of a stretch of many events, one a block; `rows` has their numbers of events."""
    for block, events in zip(rows["block"].tolist(), rows["events"].tolist(), strict=True):
        first = block * SEQ_BLOCK
        yield Piece(max(first, since), min(first + SEQ_BLOCK, below), events, None)
