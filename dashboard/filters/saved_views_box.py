"""The box of saved views in the sidebar: open one, save the filters of now, delete with a second click."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from audit_store import week_hours
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from dashboard import active_catalogue, data
from dashboard.filters import saved_views, url_state
from dashboard.filters.saved_views import Parameters
from dashboard.text import shown

_NOTE = "view_note"
_DELETED = ("Segment deleted", "Journey deleted", "User deleted", "Delete widget popup")


class Choice(NamedTuple):
    """A view of the list: built in, or of the readers' own."""

    is_own: bool
    name: str


def built_in(where: EventFilter, now: datetime) -> dict[str, Parameters]:
    """The views that are always there; days and weeks (from Monday) begin in the zone of `where`."""
    today = now.astimezone(where.zone).date()
    monday = today - timedelta(days=today.weekday())
    logins, failures = (
        list(active_catalogue.activities().logins),
        list(active_catalogue.activities().failures),
    )
    return {
        "Failed logins today": _since(today.isoformat()) | {"activity": logins, "outcome": failures},
        "API keys, last 30 days": {"range": ["30d"], "activity": ["API key generated", "API key copied"]},
        "Deletions this week": _since(monday.isoformat()) | {"activity": list(_DELETED)},
        "Off-hours, last 30 days": {"range": ["30d"], "hours": [week_hours.OFF]},
    }


def draw(where: EventFilter, now: datetime) -> None:
    """The box. A file of views that cannot be read is named in it, and nothing is written then."""
    store = data.store().path
    with st.expander("Saved views", key="views"):
        try:
            own, problem = saved_views.load(store), None
        except AuditStoreError as error:
            own, problem = {}, str(error)
        _open(built_in(where, now), own)
        if problem is None:
            _save(store, where, own)
        for note in filter(None, (problem, st.session_state.pop(_NOTE, None))):
            st.text(shown(note))


def _since(day: str) -> Parameters:
    return {"range": ["custom"], "from": [day]}


def _open(ready: Mapping[str, Parameters], own: Mapping[str, Parameters]) -> None:
    found = {Choice(False, name): filters for name, filters in ready.items()}
    found |= {Choice(True, name): filters for name, filters in own.items()}
    if st.session_state.get("view") not in found:
        st.session_state["view"] = None
    chosen = st.selectbox(
        "Open a view",
        list(found),
        format_func=_label,
        key="view",
        placeholder="Choose",
        on_change=_go,
        args=(found,),
    )
    if chosen is not None and chosen.is_own:
        with st.popover("Delete this view", width="stretch"):
            st.text(f"“{shown(chosen.name, 40)}” is deleted for everybody.")
            st.button("Delete for good", key="view_delete", on_click=_delete, args=(chosen.name,))


def _label(choice: Choice) -> str:
    return f"{shown(choice.name)} (own)" if choice.is_own else choice.name


def _go(found: Mapping[Choice, Parameters]) -> None:
    if (chosen := st.session_state["view"]) is not None:
        url_state.go(found[chosen])


def _save(store: Path, where: EventFilter, own: Mapping[str, Parameters]) -> None:
    name = st.text_input("Name for these filters", key="view_name", max_chars=saved_views.NAME_MAX)
    if name in own:
        st.checkbox("Overwrite the view of this name", key="view_overwrite")
    st.button("Save view", key="view_save", width="stretch", on_click=_keep, args=(store, where))


def _keep(store: Path, where: EventFilter) -> None:
    # The click may come together with the name: both are read here, not when the box was drawn.
    name, overwrite = st.session_state["view_name"], st.session_state.get("view_overwrite", False)
    try:
        saved_views.save(store, name, url_state.link(where), replace=overwrite)
        st.session_state["view_name"], note = "", f"“{name}” is saved."
    except (AuditStoreError, OSError) as error:
        note = str(error)
    st.session_state[_NOTE] = note


def _delete(name: str) -> None:
    try:
        saved_views.delete(data.store().path, name)
        note = f"“{name}” is deleted."
    except (AuditStoreError, OSError) as error:
        note = str(error)
    st.session_state[_NOTE] = note
