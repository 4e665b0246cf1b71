"""The recorded alarms that the activity overview and the audit log mark."""

import contextlib
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import streamlit as st

from alarms import DEFAULT_SENSITIVITY
from alarms.records import reading
from alarms.records.record import WATCHDOG, AlarmRecord
from alarms.sensitivity import is_alarm_at
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard import data
from dashboard.filters import url_state
from dashboard.spikes.choosing import concerns

LOOK_SECONDS = 5.0
"""How often an open page looks for changes of its alarms."""
_DRAWN_AGAIN = "alarms_drawn_again"


def in_view(where: EventFilter) -> list[AlarmRecord]:
    """The alarms of the usual sensitivity that can have events in a view, the worst first.

    None where they cannot be read.
    """
    engine = data.store()
    with contextlib.suppress(AuditStoreError, OSError):
        recorded = _read(str(engine.path), engine.version(), where.period)
        return [record for record in recorded if concerns(record, where)]
    return []


def watch(where: EventFilter, follows: Callable[[], bool]) -> None:
    """Draw the page again when the alarms of its view change, as long as `follows` says that it follows the store.

    Call it at the end of a page.
    """
    _watch(where, _drawn(where), follows)


@st.fragment(run_every=LOOK_SECONDS)
def _watch(where: EventFilter, drawn: list[tuple[str, int]], follows: Callable[[], bool]) -> None:
    # An alarm that grows all the time must not draw the page all the time.
    last: float = st.session_state.get(_DRAWN_AGAIN, -LOOK_SECONDS)
    if follows() and _drawn(where) != drawn and time.monotonic() >= last + LOOK_SECONDS:
        st.session_state[_DRAWN_AGAIN] = time.monotonic()
        url_state.rerun()


def _drawn(where: EventFilter) -> list[tuple[str, int]]:
    return [(record.id, record.revision) for record in in_view(where)]


@lru_cache(maxsize=16)
def _read(path: str, _version: tuple[int, ...], period: Period) -> Sequence[AlarmRecord]:
    # What does not work has no events.
    recorded = [record for record in reading.records(open_store(path), period) if record.kind != WATCHDOG]
    return [record for record in recorded if is_alarm_at(record.sensitivity, DEFAULT_SENSITIVITY)]
