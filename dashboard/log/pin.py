"""The log as it was at one moment, so that its pages stay the same while events arrive."""

from dataclasses import dataclass, replace

import streamlit as st

from audit_store.filters import EventFilter
from dashboard.filters import url_state

_PIN = "log_pin"


@dataclass(frozen=True, slots=True)
class Pin:
    """The log as it was when it was opened: its filter with the period of that time, and the `seq` it ended before."""

    where: EventFilter
    below: int

    @property
    def whole(self) -> EventFilter:
        """Exactly the events that the pages show, whatever is appended later."""
        return replace(self.where, below=self.below)


def pin(where: EventFilter, end: int, below: int | None) -> Pin:
    """The pin of this session's log, which ends before the seq `end`.

    It is a new one if the filter has changed, the page was left, or a link names another end (`below`).
    """
    pinned: Pin | None = st.session_state.get(_PIN)
    if pinned is None or filter_text(pinned.where) != filter_text(where) or below not in (None, pinned.below):
        pinned = st.session_state[_PIN] = Pin(where, end if below is None else below)
    return pinned


def unpin() -> None:
    """Start the log with its newest event again."""
    st.session_state.pop(_PIN, None)


def filter_text(where: EventFilter) -> str:
    """A text that differs for each filter; a relative range stays the same from minute to minute."""
    return str(url_state.link(where))
