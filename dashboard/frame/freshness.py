"""Whether an open page shows the store as it is; it is looked at every few seconds, once for all sessions."""

import contextlib
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from audit_store.errors import AuditStoreError, os_error_text
from audit_store.local_time import now
from dashboard import data
from dashboard.filters import url_state

SECONDS = 5.0
"""How often an open page looks."""
LEAST_SECONDS = 10.0
"""How long a page stays as it is while the store changes all the time."""
SWITCH = "refresh"
"""The key of the switch that lets pages follow the store."""
_WAIT = 1.0
_AS_OF, _IS_PROBLEM = "page_as_of", "page_is_problem"

State = Callable[[], Hashable]
"""Gives a value that changes whenever what a page shows does."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The time up to which a page is right (naive UTC), and why the store could not be read after it."""

    as_of: datetime
    problem: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """When a page was drawn (seconds of `time.monotonic`), and the state of what it shows.

    `state` reads that state again; it is None for a page that follows the store by itself.
    """

    at: float
    before: Hashable
    state: State | None

    @property
    def is_outdated(self) -> bool:
        """Whether what the page shows has changed."""
        return self.state is not None and _now(self.state) != self.before


def begin(state: State | None) -> Drawn:
    """Note that a page is drawn from here on."""
    st.session_state[_IS_PROBLEM] = False
    st.session_state[_AS_OF] = now()
    return Drawn(time.monotonic(), state and _now(state), state)


def _now(state: State) -> Hashable:
    """The state; None where it cannot be read, which the page says itself."""
    with contextlib.suppress(OSError):
        return state()
    return None


def note_problem() -> None:
    """Note that the page says why the store cannot be read; it is drawn again once it can."""
    st.session_state[_IS_PROBLEM] = True


def follows() -> bool:
    """Whether the viewer lets pages follow the store."""
    return bool(st.session_state.get(SWITCH, True))


def look(drawn: Drawn) -> Freshness:
    """How fresh the page is. In the run of a fragment, the page is drawn again where it is out of date."""
    problem = None
    if url_state.in_fragment():
        problem = _problem(str(data.store().path), _now(data.version))
        if _is_due(drawn, problem):
            url_state.rerun()
        if problem is None and not drawn.is_outdated:
            st.session_state[_AS_OF] = now()
    return Freshness(st.session_state[_AS_OF], None if st.session_state[_IS_PROBLEM] else problem)


def _is_due(drawn: Drawn, problem: str | None) -> bool:
    if st.session_state[_IS_PROBLEM]:
        return problem is None
    is_old = time.monotonic() - drawn.at >= LEAST_SECONDS
    return follows() and problem is None and is_old and drawn.is_outdated


@st.cache_data(ttl=SECONDS, max_entries=4, show_spinner=False)
def _problem(path: str, version: Hashable) -> str | None:
    """Why the store cannot be read; None where it can."""
    try:
        with data.store().read(wait=_WAIT):
            return None
    except AuditStoreError as error:
        return str(error)
    except OSError as error:
        return os_error_text(error)
