"""The saved view that a session begins with where the URL says nothing."""

import contextlib

import streamlit as st

from audit_store.errors import AuditStoreError
from dashboard import data
from dashboard.filters import page_links, saved_views, url_state
from dashboard.filters.saved_views import PAGE, Parameters

_BEGUN = "first_view_begun"
_START, _LOG = "activity", "log"


def open_once() -> None:
    """Open it in the first run of a session: on `/` with its page, which ends this run, on `/log` with its filters."""
    is_first = not st.session_state.get(_BEGUN, False)
    st.session_state[_BEGUN] = True
    page = page_links.current()
    if not is_first or page not in (_START, _LOG) or url_state.says_anything() or not (view := _read()):
        return
    [of_view] = view.pop(PAGE, [page])
    url_state.open_view(view)
    if page == _START and of_view != page:
        page_links.ask(of_view, view)
        page_links.follow()


def _read() -> Parameters:
    """The view; nothing where there is none, or where the file cannot be read, which the box of views says."""
    with contextlib.suppress(AuditStoreError, OSError):
        store = data.store().path
        if (name := saved_views.default(store)) is not None:
            return dict(saved_views.load(store).get(name, {}))
    return {}
