"""The alarms of the whole log, kept for the pages that mark them: what they show never waits for a judgement."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import streamlit as st

import alarms
from alarms import Told
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard import active_catalogue, data

LENGTH = timedelta(weeks=16)
"""Before the newest event; what is older is not judged here."""

_REST = 20
_AT_ONCE = 0.3  # seconds; most stores are judged in less
_KEPT = 8
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Judged:
    """The alarms of one version of a store, the worst first; when that was known (monotonic) and what it took."""

    version: tuple[int, ...]
    told: tuple[Told, ...]
    at: float
    took: float

    def holds(self, version: tuple[int, ...]) -> bool:
        """Whether to judge anew would be too early: a log that grows all the time costs a twentieth of it."""
        return self.version == version or time.monotonic() < self.at + _REST * self.took


_judged: dict[_Key, _Judged] = {}
_turn = threading.Lock()
_worker = ThreadPoolExecutor(1, "audit-alarms")


def told(where: EventFilter) -> list[Told]:
    """The alarms, as far as they are known, that can have events in a view; times in its zone, the worst first."""
    kept = _judged.get(_key(where))
    return [one for one in kept.told if _in_view(one, where)] if kept else []


def keep_up(where: EventFilter) -> None:
    """Judge the store beside the page, and draw the page again where that changes what `told` gives.

    Call it when everything is drawn.
    """
    judging = _worker.submit(refresh, where)
    try:
        if judging.result(_AT_ONCE):
            st.rerun()
    except TimeoutError:
        _wait(judging)


@st.fragment(run_every=1.0)
def _wait(judging: Future[bool]) -> None:
    if judging.done():
        st.rerun()


def refresh(where: EventFilter) -> bool:
    """Judge the store, if it has changed since; whether that changes what `told` gives.

    Takes seconds where the store is large. One that cannot be read now is left for the next time.
    """
    before = told(where)
    with contextlib.suppress(AuditStoreError, OSError), _turn:
        version = data.store().version()
        kept = _judged.get(_key(where))
        if kept is None or not kept.holds(version):
            _keep(_key(where), version, where)
    return told(where) != before


def _key(where: EventFilter) -> _Key:
    return str(data.store().path), where.tz, str(active_catalogue.activities())


def _keep(key: _Key, version: tuple[int, ...], where: EventFilter) -> None:
    begun = time.monotonic()
    found = tuple(_judge(where.tz))
    _judged.pop(key, None)
    _judged[key] = _Judged(version, found, time.monotonic(), time.monotonic() - begun)
    while len(_judged) > _KEPT:
        _judged.pop(next(iter(_judged)))


def _judge(tz: str) -> Iterator[Told]:
    store, now = data.store(), datetime.now(UTC).replace(tzinfo=None)
    with store.read(wait=data.WAIT) as reader:
        _, _, newest, *_ = reader.one(store.queries.extent())
    if newest is None:
        return
    start = (min(newest, now) - LENGTH).replace(minute=0, second=0, microsecond=0)
    whole = EventFilter(period=Period(start, None), range="custom", tz=tz)
    watch = alarms.watch_over(store, whole, now, active_catalogue.activities())
    yield from alarms.tell(store, watch, alarms.review(watch).alarms)


def _in_view(one: Told, where: EventFilter) -> bool:
    """Whether a filter leaves somebody whose alarm it is, and a kind of login."""
    return any(
        _leaves(where.agent, where.not_agent, part.where.agent)
        and _leaves(where.activity, where.not_activity, part.where.activity)
        for part in one.alarm.closest
    )


def _leaves(wanted: Sequence[str], unwanted: Sequence[str], names: Sequence[str]) -> bool:
    """Whether some of these names pass; no name stands for all of them."""
    return not names or any((not wanted or name in wanted) and name not in unwanted for name in names)
