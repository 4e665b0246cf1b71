"""What a reader sees when there is nothing to draw: what happened, and the next step."""

import contextlib
import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import streamlit as st

from audit_store.errors import (
    AuditStoreError,
    InvalidFilter,
    StoreBusy,
    StoreCorrupt,
    StoreNewer,
    StoreNotFound,
)
from audit_store.filters import EventFilter
from dashboard import data, store_health
from dashboard.filters import url_state
from dashboard.text import shown
from dashboard.times import local

_FIRST_EVENT = "python -m ingest append --agent support-7 --activity Login"


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Draws the state of the store instead of what could not be read from it."""
    try:
        yield
    except AuditStoreError as error:
        problem(error, path)
    except OSError as error:
        unreadable(f"{error.filename or path}: {error.strerror or error}")


def problem(error: AuditStoreError, path: Path) -> None:
    """The store could not be read."""
    if isinstance(error, StoreNotFound):
        missing(path)
    elif isinstance(error, StoreBusy):
        _draw(":material/hourglass_top:", "The store is busy", str(error))
        st.markdown("Nothing is lost: events that arrive now wait in the spool until the file is free.")
        st.button("Try again", icon=":material/refresh:", type="primary")
    elif isinstance(error, StoreNewer):
        _draw(":material/upgrade:", "The store is newer than this dashboard", str(error))
        st.markdown("Update this program and start it again. The file was not touched.")
    elif isinstance(error, StoreCorrupt):
        _draw(":material/broken_image:", "The file cannot be read", str(error))
        st.markdown("Keep a copy of the file and its `.wal`, then save what can still be read:")
        st.code(f"python -m audit_store repair --store {_quoted(path)}", language="bash")
        st.markdown(
            "If this is not an audit store at all, let `AUDIT_STORE` name the right file and start again."
        )
    else:
        unreadable(str(error))


def missing(path: Path) -> None:
    """There is no file: the first event has yet to come, or the path is wrong."""
    folder = path.absolute().parent
    if not folder.is_dir():
        _draw(":material/folder_off:", "There is no such folder", str(folder))
        st.markdown("Correct `AUDIT_STORE`, the path of the store, and start the dashboard again.")
        return
    _draw(":material/inbox:", "No events yet", f"There is no store at {path.absolute()}.")
    _first_steps(path)


def empty(path: Path) -> None:
    """The store is there and holds no event."""
    _draw(":material/inbox:", "No events yet", f"The store at {path.absolute()} is empty.")
    _first_steps(path)


def _first_steps(path: Path) -> None:
    st.markdown("Append the first event, and it appears here by itself:")
    st.code(f"{_FIRST_EVENT} --store {_quoted(path)}", language="bash")
    st.markdown("Or look around in a demo store with 90 days of made-up activity:")
    st.code("make demo", language="bash")
    _watch(data.store().version())


@st.fragment(run_every=2)
def _watch(seen: tuple[int, ...]) -> None:
    if data.store().version() != seen:
        st.rerun()


def _quoted(path: Path) -> str:
    return shown(shlex.quote(str(path)))


def nothing_matches(where: EventFilter, newest: datetime | None) -> None:
    """The store has events, the newest of them at `newest` (naive UTC), and none of them match."""
    _draw(":material/filter_alt_off:", "Nothing matches", f"There are no {shown(where.sentence())}.")
    outdated = newest is not None and where.period.start is not None and newest < where.period.start
    if newest is not None and outdated:
        st.markdown(f"The newest event of the log is of {local(newest, where.zone)}.")
    with st.container(horizontal=True):
        if where.range != "all":
            st.button(
                "Look at all time",
                key="nothing_all",
                type="primary" if outdated else "secondary",
                on_click=url_state.change,
                kwargs={"range": "all"},
            )
        if url_state.is_filtered():
            st.button(
                "Reset all filters",
                key="nothing_reset",
                type="secondary" if outdated else "primary",
                on_click=url_state.reset,
            )


def unreadable(reason: str) -> None:
    """Something else kept the file from being read."""
    _draw(":material/error:", "The store cannot be opened", reason)
    st.markdown("Check that this user may read the file and its folder, then try again.")
    st.button("Try again", icon=":material/refresh:", type="primary")


def notices(ignored: Iterable[InvalidFilter]) -> None:
    """Values of the URL that were ignored, one quiet line each."""
    for notice in ignored:
        notice_line(str(notice))


def waiting() -> None:
    """What the reader does not see yet, where nobody here brings it in."""
    if (why := store_health.held_up()) is not None:
        notice_line(why)


def notice_line(words: str) -> None:
    """One quiet line that may hold text from a URL."""
    with st.container(horizontal=True, wrap=False, gap="small"):
        st.markdown(":orange[:material/info:]", width="content")
        st.text(shown(words), width="stretch")


def _draw(icon: str, title: str, reason: str) -> None:
    st.subheader(title, icon=icon, anchor=False)
    st.text(shown(reason))
