"""Pages of the list: which one is shown, and what it holds in words."""

from collections.abc import Hashable

import streamlit as st

from audit_store.quantities import counted
from dashboard.log import view
from dashboard.log.listing import Listing
from dashboard.log.pin import Pin, filter_text
from dashboard.log.view import View

_SHOWN = "log_shown"
_WIDGET = "log_page_widget"


def list_key(pinned: Pin, rows: int) -> str:
    """A text that differs for each filter and number of rows, not with new events."""
    return f"{rows}_{filter_text(pinned.where)}"


def page_to_show(listing: Listing, shown: View, pinned: Pin, opened: int | None) -> int:
    """The page of the view; that of an open event when the list is shown for the first time, and the last one at most.

    `opened` is how many events of the list are newer than the open one.
    """
    key = list_key(pinned, shown.rows)
    before, st.session_state[_SHOWN] = st.session_state.get(_SHOWN), key
    page = shown.page
    if opened is not None and before != key:
        page = opened // shown.rows + 1
    if page > 1 and listing.complete and not listing.seqs((page - 1) * shown.rows, 1):
        page = max(-(-listing.events // shown.rows), 1)
    if page != shown.page:
        view.put_page(page, pinned.below)
    return page


def choose(total: int, page: int, rows: int, pinned: Pin) -> None:
    """Draw the page numbers of a list of `total` events; a click puts the page into the URL."""
    # Streamlit warns if a widget with a default is assigned, so the widget has a new key when the page was changed
    # by anything else.
    list_id: Hashable = list_key(pinned, rows)
    (last_list, times), start = st.session_state.get(_WIDGET, ((list_id, 0), page))
    if last_list != list_id or st.session_state.get(_key(times), start) != page:
        times, start = times + 1, page
    st.session_state[_WIDGET] = ((list_id, times), start)
    pages = max(-(-total // rows), 1)
    st.pagination(
        pages, default=min(start, pages), key=_key(times), on_change=_turn, args=(_key(times), pinned.below)
    )


def _turn(key: str, below: int) -> None:
    view.put_page(st.session_state[key], below)


def _key(times: int) -> str:
    return f"log_page_{times}"


def span(page: int, rows: int, events: int, *, complete: bool = True) -> str:
    """The events of a page: "101–200 of 12,345 events", and "so far" while the list is not complete."""
    first, last = (page - 1) * rows + 1, min(page * rows, events)
    return f"{first:,}–{last:,} of {counted(events, 'event')}{'' if complete else ' so far'}"


def share(events: int, whole: int) -> str:
    """What part of all events a list has: "8.1 % of all events".

    >>> share(13_173, 161_637), share(3, 161_637), share(0, 0)
    ('8.1 % of all events', 'under 0.1 % of all events', '')
    """
    if not whole:
        return ""
    percent = 100 * events / whole
    return f"{'under 0.1' if 0 < percent < 0.1 else format(percent, '.1f')} % of all events"
