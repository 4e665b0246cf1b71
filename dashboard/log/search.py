"""A search that goes on while its page is shown: its progress, and a button that stops or continues it."""

import time
from typing import Protocol

import streamlit as st

from audit_store.quantities import counted
from dashboard.log.listing import Listing
from dashboard.times import day

FIRST_SECONDS = 0.2
"""How long a search goes on before its page is drawn."""
REDRAW_SECONDS = 0.5
"""How often events that were found are added to the page."""


class Line(Protocol):
    """A place on the page for one line."""

    def text(self, body: str) -> object:
        """Draw plain text."""


def begin(listing: Listing, events: int) -> None:
    """Search for the first `events`, or for a moment."""
    if not listing.stopped:
        listing.search(events, seconds=FIRST_SECONDS)


def draw(listing: Listing) -> Line:
    """Draw the progress of a search with its button; gives the place where `go_on` draws it again."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="log_search"):
        line = st.empty()
        line.text(progress(listing), width="content")
        if not listing.complete:
            st.button(
                "Search on" if listing.stopped else "Stop search",
                icon=":material/play_arrow:" if listing.stopped else ":material/stop:",
                key="log_search_on",
                on_click=_stop,
                args=(listing, not listing.stopped),
            )
    return line


def progress(listing: Listing) -> str:
    """How far a search has come: "Searched back to 3 March 2026 · 12 matches"."""
    matches = counted(listing.events, "match", "matches") if listing.events else "no match"
    if listing.complete:
        return f"Searched to the beginning · {matches}"
    if listing.newest.reached is None:
        return f"Not searched · {matches}"
    reached = max(listing.newest.reached, listing.pinned.where.period.start or listing.newest.reached)
    return f"Searched back to {day(reached, listing.pinned.where.zone)} · {matches} so far"


def go_on(listing: Listing, line: Line, events: int) -> None:
    """Search on, and draw the page again when events are found that belong to its first `events`, and at the end.

    Each step draws the progress, which is where Streamlit lets a click interrupt it.
    """
    drawn, begun = min(listing.events, events), time.monotonic()
    if listing.complete or listing.stopped:
        return
    while not listing.complete:
        listing.newest.step()
        line.text(progress(listing))
        if min(listing.events, events) > drawn and time.monotonic() > begun + REDRAW_SECONDS:
            break
    st.rerun()


def _stop(listing: Listing, stopped: bool) -> None:
    listing.stopped = stopped
