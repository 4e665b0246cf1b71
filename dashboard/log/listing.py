"""The list of the log page: where the events of a page are, and which place an event has."""

import time

import streamlit as st

from dashboard import data
from dashboard.log.paging import Pin
from dashboard.log.walk import Walk

_LISTING = "log_listing"


class Listing:
    """The events of a pinned log, the newest first. Reading raises as `data.surroundings` does.

    The events of a filter without a text are counted at once, and read from the nearer end of the log as they are
    needed. Those of a search are found by `newest`, as far as it has been read.
    """

    def __init__(self, pinned: Pin) -> None:
        self.pinned = pinned
        self.newest, self.oldest = Walk(pinned), Walk(pinned, oldest_first=True)
        self.is_search = bool(pinned.where.q)
        self.stopped = False
        """Whether the viewer has stopped the search."""
        self._total = None if self.is_search else data.total(pinned.whole)

    @property
    def events(self) -> int:
        """How many events the list has, or a search has found so far."""
        return self.newest.events if self._total is None else self._total

    @property
    def complete(self) -> bool:
        """Whether `events` is the number of all."""
        return not self.is_search or self.newest.complete

    def search(self, events: int, *, seconds: float) -> None:
        """Search until so many events are found, or so long."""
        begun = time.monotonic()
        while not self.complete and self.events < events and time.monotonic() < begun + seconds:
            self.newest.step()

    def seqs(self, skip: int, rows: int) -> list[int]:
        """The positions of up to `rows` events after `skip` newer ones, the newest first."""
        last = max(min(skip + rows, self.events), skip)
        if self._total is None:
            return self.newest.seqs(skip, last - skip)
        if last <= self._total - skip:
            self.newest.read(last)
            return self.newest.seqs(skip, last - skip)
        self.oldest.read(self._total - skip)
        return self.oldest.seqs(self._total - last, last - skip)[::-1]

    def rank(self, seq: int) -> int | None:
        """How many events of the list are newer than `seq`; None where a search has not come so far."""
        if self._total is None:
            return self.newest.before(seq) if self.newest.has_passed(seq) else None
        if seq >= self.pinned.below // 2:
            self.newest.read_to(seq)
            return self.newest.before(seq)
        self.oldest.read_to(seq)
        older = self.oldest.before(seq)
        return self._total - older - (self.oldest.seqs(older, 1) == [seq])


def current(pinned: Pin) -> Listing:
    """The list of this session's log; a new one if the pin has changed."""
    listing: Listing | None = st.session_state.get(_LISTING)
    if listing is None or listing.pinned != pinned:
        listing = st.session_state[_LISTING] = Listing(pinned)
    return listing
