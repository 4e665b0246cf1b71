"""Pages of the log that stay the same while events arrive."""

from dataclasses import dataclass, replace

import streamlit as st

from audit_store.filters import EventFilter
from audit_store.quantities import counted
from dashboard.filters import url_state

ROWS = (50, 100, 250)
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


def key(name: str, rows: int, where: EventFilter) -> str:
    """The key of a widget of this list; it changes with the filter, not with new events."""
    return f"log_{name}_{rows}_{hash(str(url_state.link(where)))}"


def pin(where: EventFilter, below: int) -> Pin:
    """The pin of this session's log; a new one if the filter has changed, or the page was left."""
    pinned: Pin | None = st.session_state.get(_PIN)
    if pinned is None or url_state.link(pinned.where) != url_state.link(where):
        pinned = st.session_state[_PIN] = Pin(where, below)
    return pinned


def current(rows: int, where: EventFilter) -> int:
    """The number of the page that is shown, from 1."""
    key, start = _widget(rows, where)
    return int(st.session_state.get(key, start))


def was_shown(rows: int, where: EventFilter) -> bool:
    """Whether this session has shown this list."""
    return _widget(rows, where)[0] in st.session_state


def turn(page: int, rows: int, where: EventFilter) -> None:
    """Go to another page of this list."""
    if page != current(rows, where):
        times, _ = st.session_state.get(key("turned", rows, where), (0, 1))
        st.session_state[key("turned", rows, where)] = (times + 1, page)


def choose(total: int, rows: int, where: EventFilter) -> int:
    """Draw the page numbers of a list of `total` events; returns the selected one."""
    key, start = _widget(rows, where)
    pages = -(-total // rows)
    return st.pagination(pages, default=min(start, pages), key=key)


def _widget(rows: int, where: EventFilter) -> tuple[str, int]:
    # Streamlit warns if a widget with a default is assigned, so a page turn gives the widget a new key.
    times, start = st.session_state.get(key("turned", rows, where), (0, 1))
    return key(f"page_{times}", rows, where), start


def unpin() -> None:
    """Start the log with its newest event again."""
    st.session_state.pop(_PIN, None)


def span(page: int, rows: int, events: int, *, complete: bool = True) -> str:
    """The events of a page: "101–200 of 12,345 events", and "so far" while the list is not complete."""
    first, last = (page - 1) * rows + 1, min(page * rows, events)
    return f"{first:,}–{last:,} of {counted(events, 'event')}{'' if complete else ' so far'}"
