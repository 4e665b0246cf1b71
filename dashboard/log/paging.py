"""Pages of the log that stay as they are while events arrive."""

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from audit_store.engines.protocol import SEQ_BLOCK
from audit_store.filters import EventFilter
from dashboard.filters import url_state
from dashboard.text import count

ROWS = (50, 100, 250)
_PIN = "log_pin"


@dataclass(frozen=True, slots=True)
class Pin:
    """The log as it was when it was opened: its filter with the period of then, and where it ended."""

    where: EventFilter
    below: int

    @property
    def whole(self) -> EventFilter:
        """Exactly the events that the pages show, whatever is appended later."""
        return replace(self.where, below=self.below)


def key(name: str, rows: int, where: EventFilter) -> str:
    """The key of a widget of this list; another filter begins anew, later events do not."""
    return f"log_{name}_{rows}_{hash(str(url_state.link(where)))}"


def pin(where: EventFilter, below: int) -> Pin:
    """The pin of this session's log; a new one where the filter has changed, or the log was left."""
    kept: Pin | None = st.session_state.get(_PIN)
    if kept is None or url_state.link(kept.where) != url_state.link(where):
        kept = st.session_state[_PIN] = Pin(where, below)
    return kept


def current(rows: int, where: EventFilter) -> int:
    """The page of this list that is shown."""
    key, start = _widget(rows, where)
    return int(st.session_state.get(key, start))


def is_begun(rows: int, where: EventFilter) -> bool:
    """Whether this list has been shown before."""
    return _widget(rows, where)[0] in st.session_state


def turn(page: int, rows: int, where: EventFilter) -> None:
    """Show another page of this list."""
    if page != current(rows, where):
        times, _ = st.session_state.get(key("turned", rows, where), (0, 1))
        st.session_state[key("turned", rows, where)] = (times + 1, page)


def choose(total: int, rows: int, where: EventFilter) -> int:
    """The page numbers of a list of `total` events; gives the chosen one."""
    key, start = _widget(rows, where)
    pages = -(-total // rows)
    return st.pagination(pages, default=min(start, pages), key=key)


def _widget(rows: int, where: EventFilter) -> tuple[str, int]:
    # Streamlit warns where a widget with a default is set: it is made anew when the page is turned for it.
    times, start = st.session_state.get(key("turned", rows, where), (0, 1))
    return key(f"page_{times}", rows, where), start


def unpin() -> None:
    """Let the log begin with its newest event again."""
    st.session_state.pop(_PIN, None)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where the rows of a page stand: after `skip` events of those with `since` <= seq < `below`."""

    since: int
    below: int
    skip: int


def locate(index: pd.DataFrame, skip: int, rows: int) -> Stretch:
    """The shortest stretch that holds `rows` events after `skip` newer ones.

    `index` holds the rows of `queries.page_index`, the newest block first.
    """
    through = index["events"].cumsum()
    first = int(through.searchsorted(skip, side="right"))
    last = min(int(through.searchsorted(skip + rows)), len(index) - 1)
    above = int(through.iloc[first - 1]) if first else 0
    return Stretch(
        since=int(index["block"].iloc[last]) * SEQ_BLOCK,
        below=int(index["last_seq"].iloc[first]) + 1,
        skip=skip - above,
    )


def span(page: int, rows: int, total: int) -> str:
    """Which events a page holds: "101–200 of 12,345 events"."""
    first, last = (page - 1) * rows + 1, min(page * rows, total)
    return f"{first:,}–{last:,} of {count(total, 'event')}"
