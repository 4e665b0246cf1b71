"""Folding of the spool, judging of the log and delivery of alarms while the dashboard runs, unless it is read-only."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from alarms.delivery.threads import DeliveryThreads
from alarms.detector.thread import DetectorThread
from audit_store.store_files import default_store
from dashboard import active_catalogue
from ingest.fold_scheduler import FoldingThread

_thread: FoldingThread | None = None
_detector: DetectorThread | None = None


def may_write(store: Path) -> bool:
    """Whether this process may fold: not with AUDIT_READ_ONLY=1, nor if the folder of the store is read-only."""
    return os.environ.get("AUDIT_READ_ONLY", "0") in ("", "0") and os.access(store.absolute().parent, os.W_OK)


def error() -> str | None:
    """Why the last fold failed; None if it succeeded, or if this process does not fold."""
    return _thread.error if _thread is not None else None


def detector_error() -> str | None:
    """Why the log was not judged at last; None if it was, or if this process does not judge."""
    return _detector.error if _detector is not None else None


def folds() -> bool:
    """Whether this process folds the spool."""
    return _thread is not None


@contextlib.contextmanager
def folding() -> Iterator[None]:
    """Fold new segments of the spool within a second, judge what is new and send alarms, until the context ends."""
    global _thread, _detector
    store = default_store()
    if not may_write(store):
        yield
        return
    with (
        FoldingThread(store, logins=lambda: active_catalogue.activities().logins) as _thread,
        DeliveryThreads(store) as deliveries,
        DetectorThread(store, after=deliveries.wake) as _detector,
    ):
        yield
    _thread = _detector = None
