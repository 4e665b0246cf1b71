"""The box of saved views in the sidebar: open one, save the current filters, delete with a second click."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from audit_store import week_hours
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from dashboard import active_catalogue, data
from dashboard.filters import page_links, saved_views, url_state
from dashboard.filters.saved_views import Parameters
from dashboard.text import shown

_NOTE = "view_note"
PAGE = "page_name"
"""What a saved view has beside the parameters of the URL: the name of its page."""
_DELETED = ("Segment deleted", "Journey deleted", "User deleted", "Delete widget popup")


class Choice(NamedTuple):
    """A view in the list: built in, or saved by a viewer."""

    is_saved: bool
    name: str


def built_in() -> dict[str, Parameters]:
    """The views that are always offered, on every page."""
    catalogue = active_catalogue.activities()
    logins, failures = list(catalogue.logins), list(catalogue.failures)
    return {
        "Failed logins today": {"range": ["today"], "activity": logins, "outcome": failures},
        "API keys, last 30 days": {"range": ["30d"], "activity": ["API key generated", "API key copied"]},
        "Deletions this week": {"range": ["this_week"], "activity": list(_DELETED)},
        "Off-hours, last 30 days": {"range": ["30d"], "hours": [week_hours.OFF]},
    }


def draw(where: EventFilter) -> None:
    """Draw what is in the box. It names a file that cannot be read, and offers no saving then."""
    store = data.store().path
    try:
        saved, problem = saved_views.load(store), None
    except AuditStoreError as error:
        saved, problem = {}, str(error)
    _open(where, built_in(), saved)
    if problem is None:
        _save(store, saved)
    for note in filter(None, (problem, st.session_state.pop(_NOTE, None))):
        st.text(shown(note))


def _open(where: EventFilter, ready: Mapping[str, Parameters], saved: Mapping[str, Parameters]) -> None:
    views = {Choice(False, name): filters | {"tz": [where.tz]} for name, filters in ready.items()}
    views |= {Choice(True, name): filters for name, filters in saved.items()}
    if st.session_state.get("view") not in views:
        st.session_state["view"] = None
    chosen = st.selectbox(
        "Open a view",
        list(views),
        format_func=_label,
        key="view",
        placeholder="Choose",
        on_change=_go,
        args=(views, page_links.current()),
    )
    if chosen is not None and not _is_open(views[chosen], where):
        st.button(
            "Open it again",
            key="view_again",
            width="stretch",
            on_click=_go,
            args=(views, page_links.current()),
        )
    if chosen is not None and chosen.is_saved:
        with st.popover("Delete this view", width="stretch"):
            st.text(f"This deletes “{shown(chosen.name, 40)}” for everyone.")
            st.button("Delete view", key="view_delete", on_click=_delete, args=(chosen.name,))


def _label(choice: Choice) -> str:
    return f"{shown(choice.name)} (saved)" if choice.is_saved else choice.name


def _go(views: Mapping[Choice, Parameters], shown_page: str) -> None:
    """Open the chosen view: a saved one with its page, and with everything else that was in the URL."""
    chosen = st.session_state["view"]
    if chosen is None:
        return
    if PAGE not in views[chosen]:
        url_state.go(views[chosen])
        return
    parameters = dict(views[chosen])
    [page] = parameters.pop(PAGE)
    url_state.open_view(parameters)
    if page != shown_page:
        page_links.ask(page, parameters)


def _is_open(parameters: Parameters, where: EventFilter) -> bool:
    """Whether the page shows the events of a view."""
    return EventFilter.parse(parameters, tz=where.tz)[0].parameters() == where.parameters()


def _save(store: Path, saved: Mapping[str, Parameters]) -> None:
    name = st.text_input("View name", key="view_name", max_chars=saved_views.NAME_MAX)
    if name in saved:
        st.checkbox("Replace the view with this name", key="view_overwrite")
    st.button(
        "Save view", key="view_save", width="stretch", on_click=_keep, args=(store, page_links.current())
    )


def _keep(store: Path, shown_page: str) -> None:
    # The browser may send the click together with the name, so both are read here.
    name, overwrite = st.session_state["view_name"], st.session_state.get("view_overwrite", False)
    try:
        saved_views.save(store, name, url_state.view() | {PAGE: [shown_page]}, replace=overwrite)
        st.session_state["view_name"], note = "", f"Saved “{name}”."
    except (AuditStoreError, OSError) as error:
        note = str(error)
    st.session_state[_NOTE] = note


def _delete(name: str) -> None:
    try:
        saved_views.delete(data.store().path, name)
        note = f"Deleted “{name}”."
    except (AuditStoreError, OSError) as error:
        note = str(error)
    st.session_state[_NOTE] = note
