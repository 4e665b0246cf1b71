"""What a viewer sees when there is nothing to draw: what happened, and the next step."""

import contextlib
import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import streamlit as st

from audit_store.errors import (
    AuditStoreError,
    InvalidFilter,
    QueryTimeout,
    QueryTooLarge,
    StoreBusy,
    StoreCorrupt,
    StoreLost,
    StoreNewer,
    StoreNotFound,
    os_error_text,
)
from audit_store.filters import EventFilter
from dashboard import data
from dashboard.filters import url_state
from dashboard.frame import first_use, freshness
from dashboard.store_page import health
from dashboard.text import shown
from dashboard.times import local


@contextlib.contextmanager
def explained(where: EventFilter) -> Iterator[None]:
    """Draw what is wrong with the store, or with a query of the filter, in place of what could not be read."""
    try:
        yield
    except (QueryTimeout, QueryTooLarge) as error:
        too_much(error, where)
    except AuditStoreError as error:
        problem(error, data.store().path)
    except OSError as error:
        unreadable(os_error_text(error))


@contextlib.contextmanager
def left_to_header() -> Iterator[None]:
    """Leave a fragment as it is while the store cannot be read: the header of the page says so."""
    with contextlib.suppress(AuditStoreError, OSError):
        yield


def problem(error: AuditStoreError, path: Path) -> None:
    """Draw why the store could not be read. The page is drawn again once it can."""
    freshness.note_problem()
    if isinstance(error, StoreNotFound):
        missing(path)
    elif isinstance(error, StoreBusy):
        _draw(":material/hourglass_top:", "The store is busy", str(error))
        st.markdown(
            "Nothing is lost: new events wait in the spool until the file is free. This page then opens by itself."
        )
        _try_again()
    elif isinstance(error, StoreLost):
        _draw(":material/error:", "The store is not the one that was here", str(error))
        st.markdown(
            "Nothing new was created, and no event is shown until a backup is restored or this is accepted."
        )
    elif isinstance(error, StoreNewer):
        _draw(":material/upgrade:", "The store is newer than this dashboard", str(error))
        st.markdown("Update this program and start it again. The file was not changed.")
    elif isinstance(error, StoreCorrupt):
        _draw(":material/broken_image:", "The file cannot be read", str(error))
        st.markdown("Keep a copy of the file and its `.wal`, then recover what can be read:")
        st.code(f"python -m audit_store repair --store {_quoted(path)}", language=None, wrap_lines=True)
        st.markdown("If this is not an audit store, set `AUDIT_STORE` to the right file and start again.")
    else:
        unreadable(str(error))


def too_much(error: QueryTimeout | QueryTooLarge, where: EventFilter) -> None:
    """Draw that a query of the filter reached its limit of time or memory, and which part of the filter to narrow."""
    if isinstance(error, QueryTimeout):
        _draw(":material/timer_off:", "The query took too long", str(error))
    else:
        _draw(":material/memory:", "The query needs too much memory", str(error))
    if where.q:
        st.text(f"The search for “{shown(where.q, 40)}” reads every event of the time range.")
    st.markdown("Choose a shorter time range, or filter by agent or activity.")
    with st.container(horizontal=True):
        if where.range != "24h":
            _change_button("Last 24 hours", "timeout_range", range="24h", from_=None, to=None)
        if where.q:
            _change_button("Remove the search", "timeout_search", q=None)


def missing(path: Path) -> None:
    """Draw that there is no file: no event was appended yet, or the path is wrong."""
    folder = path.absolute().parent
    if not folder.is_dir():
        _draw(":material/folder_off:", "The folder does not exist", str(folder))
        st.markdown("Correct `AUDIT_STORE`, the path of the store, and start the dashboard again.")
        return
    _draw(":material/inbox:", "No events yet", f"There is no store at {path.absolute()}.")
    _first_steps(path)


def empty(path: Path) -> None:
    """Draw that the store has no events."""
    _draw(":material/inbox:", "No events yet", f"The store at {path.absolute()} is empty.")
    _first_steps(path)


def nothing_matches(where: EventFilter, newest: datetime | None) -> None:
    """Draw that no event matches, though the store has some, the newest of them at `newest` (naive UTC)."""
    _draw(":material/filter_alt_off:", "No events match", f"There are no {shown(where.sentence())}.")
    outdated = newest is not None and where.period.start is not None and newest < where.period.start
    if newest is not None and outdated:
        st.markdown(f"The latest event is from {local(newest, where.zone)}.")
    with st.container(horizontal=True):
        if where.range != "all":
            _change_button("Show all time", "nothing_all", primary=outdated, range="all", from_=None, to=None)
        if url_state.is_filtered():
            st.button(
                "Reset all filters",
                key="nothing_reset",
                type="secondary" if outdated else "primary",
                on_click=url_state.reset,
            )


def unreadable(reason: str) -> None:
    """Draw that the file cannot be read for another reason. The page is drawn again once it can."""
    freshness.note_problem()
    _draw(":material/error:", "The store cannot be opened", reason)
    st.markdown("Check that the dashboard's user can read the file and its folder, then try again.")
    _try_again()


def ignored_values(ignored: Iterable[InvalidFilter]) -> None:
    """Draw a line for each value of the URL that was ignored."""
    for notice in ignored:
        line(str(notice))


def waiting_events() -> None:
    """Draw how many events wait in the spool, or why it cannot be listed, if this dashboard does not fold it itself."""
    if (reason := health.held_up()) is not None:
        line(reason)


def line(text: str) -> None:
    """Draw one unobtrusive line; the text may be from the URL."""
    with st.container(horizontal=True, wrap=False, gap="small"):
        st.markdown(":orange[:material/info:]", width="content")
        st.text(shown(text), width="stretch")


def _first_steps(path: Path) -> None:
    first_use.draw(path.absolute())
    _rerun_on_change(data.store().version())


@st.fragment(run_every=2)
def _rerun_on_change(version: tuple[int, ...]) -> None:
    if data.store().version() != version:
        url_state.rerun()


def _change_button(label: str, key: str, *, primary: bool = True, **values: str | None) -> None:
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    st.button(label, key=key, type=kind, on_click=url_state.change, kwargs=values)


def _try_again() -> None:
    st.button("Try again", icon=":material/refresh:", type="primary")


def _quoted(path: Path) -> str:
    return shown(shlex.quote(str(path)))


def _draw(icon: str, title: str, reason: str) -> None:
    st.header(title, icon=icon, anchor=False)
    st.text(shown(reason))
