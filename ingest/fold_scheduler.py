"""Folds in the background: at most about once a second in a process, and once more when it exits.

Nothing heavy is imported before there is something to fold.
"""

import atexit
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit_store.background_thread import BackgroundThread
from audit_store.errors import AuditStoreError
from ingest.resident import is_resident, resident
from ingest.spool.folder import has_waiting

if TYPE_CHECKING:
    import logging

INTERVAL = 1.0
EXIT_WAIT = 2.0
RESIDENT_AGAIN = 30.0
MOST_PAUSE = 2.0
COMPRESS_EVERY = 10.0
COMPRESS_AGAIN = 3600.0
ROLL_UP_EVERY = 1.0
ROLL_UP_AGAIN = 60.0
# A group of rows with 1 KiB of metadata each, before it is compressed.
_COMPRESSED_BYTES = 128_000_000
# Readers queue behind a fold that waits for the file: it must not wait as long as they do.
_RESIDENT_WAIT = 1.5
_wanted: set[Path] = set()
_lock = threading.RLock()  # a signal handler may append, too
_thread: threading.Thread | None = None
_stop = threading.Event()


def fold_soon(store: Path) -> None:
    """Ask this process's background thread to fold a store; returns at once."""
    if store in _wanted:
        return
    with _lock:
        _wanted.add(store)
        _start()


def _start() -> None:
    global _thread
    if _thread is None:
        thread = threading.Thread(target=_work, name="audit-fold", daemon=True)
        try:
            # pandas imports this module, which Python refuses while it exits, when the last fold runs.
            import concurrent.futures.thread  # noqa: F401

            thread.start()
        except RuntimeError:  # Python is exiting: the events wait in the spool for the next fold
            return
        _thread = thread
        atexit.register(_at_exit)
        # The children of multiprocessing, which has loaded this module there, leave without atexit.
        if util := sys.modules.get("multiprocessing.util"):
            util.Finalize(None, _at_exit, exitpriority=0)


def _after_fork() -> None:
    global _thread, _lock, _stop
    _thread, _lock, _stop = None, threading.RLock(), threading.Event()
    _wanted.clear()
    atexit.unregister(_at_exit)


os.register_at_fork(after_in_child=_after_fork)


def _work() -> None:
    while not _stop.wait(INTERVAL):
        _fold_wanted(wait=INTERVAL)


def _at_exit() -> None:
    _stop.set()
    if _thread is not None:
        _thread.join()
    _fold_wanted(wait=EXIT_WAIT)


def fold_now(store: Path) -> None:
    """Fold a store if its file is free within EXIT_WAIT seconds and no dashboard folds it."""
    _wanted.add(store)
    _fold_wanted(wait=EXIT_WAIT)


def _fold_wanted(wait: float) -> None:
    stores = {_wanted.pop() for _ in range(len(_wanted))}
    for store in stores:
        try:
            if is_resident(store) or not has_waiting(store):
                continue
            from ingest.fold import fold

            for problem in fold(store, wait=wait).problems:
                _log().warning("folding %s: %s", store, problem)
        except (AuditStoreError, OSError, ImportError):
            # The events wait in the spool, `status` says why, and the next run tries again.
            _wanted.add(store)
        except Exception:
            _log().exception("folding %s failed; the events stay in the spool", store)


def _log() -> "logging.Logger":
    import logging

    return logging.getLogger(__name__)


def _built_in_logins() -> Sequence[str]:
    from audit_store import catalogue

    return catalogue.load().logins


class FoldingThread(BackgroundThread):
    """Folds a store whenever something waits, until it is stopped; when nothing does, it takes care of the store.

    `logins` gives the activities that are logins, by default those of the built-in catalogue. `error` says why the last
    fold failed or left something in the spool; None after a success.
    """

    def __init__(
        self, store: Path, interval: float = 0.3, logins: Callable[[], Sequence[str]] = _built_in_logins
    ) -> None:
        super().__init__("audit-fold", f"folding {store}")
        self._store, self._interval, self._logins = store, interval, logins
        self._compress_at = time.monotonic() + COMPRESS_EVERY
        self._roll_up_at = time.monotonic() + ROLL_UP_EVERY

    def _turn(self) -> str | None:
        with resident(self._store) as is_first:
            # Where another process is resident, this one may become it later.
            until = math.inf if is_first else time.monotonic() + RESIDENT_AGAIN
            while time.monotonic() < until and self._rest(self._pause()):
                self._note(self._fold())
        return self.error

    def _pause(self, worked: float = 0.0) -> float:
        """Longer while folds fail, because each takes the store from its readers."""
        return float(min(self._interval * 2**self.failures, MOST_PAUSE))

    def _fold(self) -> str | None:
        """Fold what waits; gives what stays in the spool, and why."""
        from ingest.fold import fold

        is_waiting = has_waiting(self._store)
        problems = fold(self._store, wait=_RESIDENT_WAIT).problems if is_waiting else ()
        if not is_waiting:
            self._care()
        return _first_of(problems) if problems else None

    def _care(self) -> None:
        """Roll up or compress a part of the store; the next part follows when readers have had a turn."""
        from audit_store.engines.registry import open_store
        from ingest import reserve

        moment = time.monotonic()
        if moment < min(self._roll_up_at, self._compress_at):
            return
        store = open_store(self._store)
        has_room = store.exists() and reserve.shortage(self._store, _COMPRESSED_BYTES) is None
        # Not to be repeated soon where it fails.
        if moment > self._roll_up_at:
            self._roll_up_at = moment + ROLL_UP_AGAIN
            if has_room and store.roll_up(self._logins(), _RESIDENT_WAIT):
                self._roll_up_at = time.monotonic() + ROLL_UP_EVERY
        elif moment > self._compress_at:
            self._compress_at = moment + COMPRESS_AGAIN
            if has_room and store.compress(_RESIDENT_WAIT):
                self._compress_at = time.monotonic() + COMPRESS_EVERY


def _first_of(problems: Sequence[str]) -> str:
    """The first of several problems, and how many there are."""
    others = len(problems) - 1
    return problems[0] + (f" (and {others:,} more)" if others else "")
