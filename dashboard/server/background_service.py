"""Folding of the spool and judging of the log while the dashboard runs, unless it is read-only."""

import contextlib
import logging
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from alarms.delivery.receivers import configured
from alarms.delivery.record_messages import deliver_recent
from alarms.detector.thread import DetectorThread
from audit_store.engines.registry import open_store
from audit_store.local_time import now
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


def _deliver(store: Path) -> None:
    """Send new alarms to the receivers that the environment names."""
    for result in deliver_recent(open_store(store), configured(), now()):
        for problem in result.problems:
            logging.getLogger(__name__).warning("%s", problem)


@contextlib.contextmanager
def folding() -> Iterator[None]:
    """Fold new segments of the spool within a second, and judge what is new, until the context ends."""
    global _thread, _detector
    store = default_store()
    if not may_write(store):
        yield
        return
    with (
        FoldingThread(store, logins=lambda: active_catalogue.activities().logins) as _thread,
        DetectorThread(store, after=partial(_deliver, store)) as _detector,
    ):
        yield
    _thread = _detector = None
