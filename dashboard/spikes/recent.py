"""The alarms of the last weeks of the log, judged beside the pages that mark them."""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import streamlit as st

import alarms
from alarms import AlarmSummary
from audit_store.errors import AuditStoreError
from audit_store.filters import EventFilter
from audit_store.local_time import now
from audit_store.ranges import Period
from dashboard import active_catalogue, data
from dashboard.filters import url_state

LENGTH = timedelta(weeks=16)
"""How long before the newest event alarms are looked for."""
REDRAW_SECONDS = 5.0
"""A page is drawn again for a change of its alarms at most this often."""

_REST = 20
_AT_ONCE_SECONDS = 0.3
_KEPT = 8
_DRAWN_AGAIN = "alarms_drawn_again"
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Judged:
    """The alarms of one version of a store, the worst first; when they were judged (monotonic), and for how long."""

    version: tuple[int, ...]
    alarms: tuple[AlarmSummary, ...]
    at: float
    seconds: float

    def is_fresh(self, version: tuple[int, ...]) -> bool:
        """Whether not to judge again yet: for a log that always grows, judging takes at most 1/_REST of the time."""
        return self.version == version or time.monotonic() < self.at + _REST * self.seconds


_judged: dict[_Key, _Judged] = {}
_judging = threading.Lock()
_worker = ThreadPoolExecutor(1, "audit-alarms")


def in_view(where: EventFilter) -> list[AlarmSummary]:
    """The known alarms that can have events in a view; times in its zone, the worst first."""
    judged = _judged.get(_key(where))
    return [summary for summary in judged.alarms if _concerns(summary, where)] if judged else []


def refresh_in_background(where: EventFilter) -> None:
    """Judge the store beside the page, and draw the page again if that changes what `in_view` returns.

    Call it at the end of a page.
    """
    judging = _worker.submit(refresh, where)
    with contextlib.suppress(TimeoutError):
        if not judging.result(_AT_ONCE_SECONDS):
            return
        if _may_draw_again():
            _draw_again()
    _draw_again_later(judging)


def refresh(where: EventFilter) -> bool:
    """Judge the store if it has changed; returns whether that changes what `in_view` returns.

    Takes seconds for a large store. A store that cannot be read is left for the next time.
    """
    before = in_view(where)
    with contextlib.suppress(AuditStoreError, OSError), _judging:
        version = data.store().version()
        judged = _judged.get(_key(where))
        if judged is None or not judged.is_fresh(version):
            _judge(_key(where), version, where.tz)
    return in_view(where) != before


@st.fragment(run_every=1.0)
def _draw_again_later(judging: Future[bool]) -> None:
    if judging.done() and judging.result() and _may_draw_again():
        _draw_again()


def _may_draw_again() -> bool:
    # While a log that grows all the time is under attack, every run may change its alarms.
    last: float = st.session_state.get(_DRAWN_AGAIN, -REDRAW_SECONDS)
    return time.monotonic() >= last + REDRAW_SECONDS


def _draw_again() -> None:
    st.session_state[_DRAWN_AGAIN] = time.monotonic()
    url_state.rerun()


def _key(where: EventFilter) -> _Key:
    return str(data.store().path), where.tz, str(active_catalogue.activities())


def _judge(key: _Key, version: tuple[int, ...], tz: str) -> None:
    begun = time.monotonic()
    listed = tuple(_alarms(tz))
    _judged.pop(key, None)
    _judged[key] = _Judged(version, listed, time.monotonic(), time.monotonic() - begun)
    while len(_judged) > _KEPT:
        _judged.pop(next(iter(_judged)))


def _alarms(tz: str) -> Iterator[AlarmSummary]:
    engine, moment = data.store(), now()
    with engine.read(wait=data.WAIT) as reader:
        _, _, newest, *_ = reader.one(engine.queries.extent())
    if newest is None:
        return
    start = (min(newest, moment) - LENGTH).replace(minute=0, second=0, microsecond=0)
    where = EventFilter(period=Period(start, None), range="custom", tz=tz)
    watch = alarms.watch_logins(engine, where, moment, active_catalogue.activities())
    yield from alarms.summarize(engine, watch, alarms.review(watch).alarms)


def _concerns(summary: AlarmSummary, where: EventFilter) -> bool:
    """Whether a filter leaves an agent and an activity of an alarm."""
    return any(
        _leaves(where.agent, where.not_agent, part.where.agent)
        and _leaves(where.activity, where.not_activity, part.where.activity)
        for part in summary.alarm.closest
    )


def _leaves(selected: Sequence[str], excluded: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a filter leaves some of these names; no name stands for all of them."""
    return not names or any((not selected or name in selected) and name not in excluded for name in names)
