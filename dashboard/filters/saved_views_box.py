"""The box of saved views in the sidebar: open one, save the current filters, change or delete one."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import streamlit as st

from audit_store import week_hours
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from dashboard import active_catalogue, data
from dashboard.filters import page_links, saved_views, url_state
from dashboard.filters.controls import set_value
from dashboard.filters.saved_views import PAGE, Parameters
from dashboard.text import shown

_NOTE = "view_note"
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
        saved, first, problem = saved_views.load(store), saved_views.default(store), None
    except AuditStoreError as error:
        saved, first, problem = {}, None, str(error)
    _open(where, built_in(), saved, first)
    if problem is None:
        _save(saved)
    for note in filter(None, (problem, st.session_state.pop(_NOTE, None))):
        st.text(shown(note))


def _open(
    where: EventFilter, ready: Mapping[str, Parameters], saved: Mapping[str, Parameters], first: str | None
) -> None:
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
        with st.popover("Change this view", width="stretch"):
            _change(chosen.name, first)


def _label(choice: Choice) -> str:
    # The browser sends the label of what is chosen, so it says nothing that changes.
    return f"{shown(choice.name)} (saved)" if choice.is_saved else choice.name


def _change(name: str, first: str | None) -> None:
    st.text("Changes are for everyone.")
    set_value("view_first", name == first)
    st.checkbox(
        "Open this view first",
        key="view_first",
        help="The dashboard opens with it where the address says nothing else.",
        on_change=_set_first,
        args=(name,),
    )
    with st.form("view_rename_form", border=False):
        # Each view has its own field, which begins with its name.
        key = f"view_rename_{hash(name)}"
        st.text_input("Name", name, key=key, max_chars=saved_views.NAME_MAX)
        st.form_submit_button("Rename", key="view_rename", on_click=_rename, args=(name, key))
    st.button("Delete view", key="view_delete", on_click=_delete, args=(name,))


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


def _save(saved: Mapping[str, Parameters]) -> None:
    name = st.text_input("View name", key="view_name", max_chars=saved_views.NAME_MAX)
    if name in saved:
        st.checkbox("Replace the view with this name", key="view_overwrite")
    st.button("Save view", key="view_save", width="stretch", on_click=_keep, args=(page_links.current(),))


def _keep(shown_page: str) -> None:
    # The browser may send the click together with the name, so both are read here.
    name, overwrite = st.session_state["view_name"], st.session_state.get("view_overwrite", False)
    filters = url_state.view() | {PAGE: [shown_page]}
    save = partial(saved_views.save, data.store().path, name, filters, replace=overwrite)
    if _write(save, f"Saved “{name}”."):
        st.session_state["view_name"] = ""


def _delete(name: str) -> None:
    _write(partial(saved_views.delete, data.store().path, name), f"Deleted “{name}”.")


def _set_first(name: str) -> None:
    is_first = st.session_state["view_first"]
    note = f"“{name}” opens first." if is_first else "No view opens first."
    _write(partial(saved_views.set_default, data.store().path, name if is_first else None), note)


def _rename(name: str, key: str) -> None:
    new = st.session_state[key]
    if _write(partial(saved_views.rename, data.store().path, name, new), f"Renamed to “{new}”."):
        st.session_state["view"] = Choice(True, new)


def _write(change: Callable[[], None], note: str) -> bool:
    """Change the saved views, and note what was done or why it was not; returns whether it was."""
    try:
        change()
    except (AuditStoreError, OSError) as error:
        st.session_state[_NOTE] = str(error)
        return False
    st.session_state[_NOTE] = note
    return True
