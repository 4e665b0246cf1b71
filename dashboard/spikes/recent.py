"""The recorded alarms that the activity overview and the audit log mark."""

import contextlib
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import streamlit as st

from alarms import DEFAULT_SENSITIVITY
from alarms.records import reading
from alarms.records.reading import Progress
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
    with contextlib.suppress(AuditStoreError, OSError):
        recorded, _ = _read_now(where.period)
        return [record for record in recorded if concerns(record, where)]
    return []


def progress(where: EventFilter) -> Progress | None:
    """How far the log is judged, read together with `in_view`; None where it cannot be read."""
    with contextlib.suppress(AuditStoreError, OSError):
        return _read_now(where.period)[1]
    return None


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


def _read_now(period: Period) -> tuple[Sequence[AlarmRecord], Progress]:
    engine = data.store()
    return _read(str(engine.path), engine.version(), period)


@lru_cache(maxsize=16)
def _read(path: str, _version: tuple[int, ...], period: Period) -> tuple[Sequence[AlarmRecord], Progress]:
    with reading.opened(open_store(path)) as recorded:
        # What does not work has no events.
        listed = [record for record in recorded.touching(period) if record.kind != WATCHDOG]
        judged = recorded.progress()
    return [record for record in listed if is_alarm_at(record.sensitivity, DEFAULT_SENSITIVITY)], judged
