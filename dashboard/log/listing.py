"""The list of the log page: where the events of a page are, and which place an event has."""

import time

import streamlit as st

from audit_store.engines.protocol import Query
from dashboard import data
from dashboard.log.jump import jump
from dashboard.log.pin import Pin
from dashboard.log.walk import Walk

NEAR = 1 << 20
"""How far from the newest and from the oldest event a page is looked for before it is found by the number of events."""
_LISTING = "log_listing"


class Listing:
    """The events of a pinned log, the newest first. Reading raises as `data.surroundings` does.

    The events of a filter without a text are read from the nearer end of the log as they are needed, and counted when
    their number is asked for. Those of a search are found by `newest`, as far as it has been read.
    """

    def __init__(self, pinned: Pin) -> None:
        self.pinned = pinned
        self.newest, self.oldest = Walk(pinned), Walk(pinned, oldest_first=True)
        self.is_search = bool(pinned.where.q)
        self.stopped = False
        """Whether the viewer has stopped the search."""
        self._total: int | None = None

    @property
    def events(self) -> int:
        """How many events the list has, or a search has found so far."""
        if self.is_search or self.newest.complete:
            return self.newest.events
        if self._total is None:
            self._total = data.total(self.pinned.whole)
        return self._total

    @property
    def complete(self) -> bool:
        """Whether `events` is the number of all."""
        return not self.is_search or self.newest.complete

    def first_statements(self) -> list[Query]:
        """What is read first; none where something has been read."""
        is_new = self.newest.below == self.pinned.below and not self.is_search
        return self.newest.statements() if is_new else []

    def search(self, events: int, *, seconds: float) -> None:
        """Search until so many events are found, or so long."""
        begun = time.monotonic()
        while not self.complete and self.events < events and time.monotonic() < begun + seconds:
            self.newest.step()

    def seqs(self, skip: int, rows: int) -> list[int]:
        """The positions of up to `rows` events after `skip` newer ones, the newest first."""
        if not self.is_search and self._total is None and skip + rows <= NEAR:
            self.newest.read(skip + rows, within=NEAR)
        if self.is_search or self.newest.complete or self.newest.events >= skip + rows:
            return self.newest.seqs(skip, rows)
        last = max(min(skip + rows, self.events), skip)
        if self._is_far_from_oldest(skip) and (middle := jump(self.pinned, self.events, skip)) is not None:
            near, newer = middle
            near.read(last - newer)
            return near.seqs(skip - newer, last - skip)
        if last <= self.events - skip:
            self.newest.read(last)
            return self.newest.seqs(skip, last - skip)
        self.oldest.read(self.events - skip)
        return self.oldest.seqs(self.events - last, last - skip)[::-1]

    def _is_far_from_oldest(self, skip: int) -> bool:
        """Whether the event after `skip` newer ones is more than NEAR from the oldest, if all are spread evenly."""
        return (self.events - skip) * self.pinned.below > NEAR * self.events

    def rank(self, seq: int) -> int | None:
        """How many events of the list are newer than `seq`; None where a search has not come so far."""
        if not self.is_search and seq >= self.pinned.below // 2:
            self.newest.read_to(seq)
        if self.newest.has_passed(seq):
            return self.newest.before(seq)
        if self.is_search:
            return None
        self.oldest.read_to(seq)
        older = self.oldest.before(seq)
        return self.events - older - (self.oldest.seqs(older, 1) == [seq])


def current(pinned: Pin) -> Listing:
    """The list of this session's log; a new one if the pin has changed."""
    listing: Listing | None = st.session_state.get(_LISTING)
    if listing is None or listing.pinned != pinned:
        listing = st.session_state[_LISTING] = Listing(pinned)
    return listing
