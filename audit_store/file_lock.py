"""Locks on files, between threads and between processes, that a forked child never keeps."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.store_files import open_beside, spool_dir


@contextlib.contextmanager
def locked(path: Path, kind: int, deadline: float, store: Path | None = None) -> Iterator[int]:
    """Hold a lock on a file, created where it is missing, with the mode of `store`; gives its descriptor.

    `kind` is fcntl.LOCK_SH or fcntl.LOCK_EX, `deadline` a time of `time.monotonic`. Raises StoreBusy after the
    deadline and AuditStoreError for a file that cannot be opened.
    """
    descriptor = _open(path, store)
    _held.add(descriptor)
    try:
        pause = 0.001
        while True:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreBusy(
                        f"{path.with_suffix('')} is in use by another part of this program; try again"
                    ) from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.004)
        yield descriptor
    finally:
        if descriptor in _held:
            _held.discard(descriptor)
            # A child forked meanwhile shares the lock: closing alone would leave it held.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


@contextlib.contextmanager
def no_fold(store: Path, wait: float) -> Iterator[None]:
    """While it lasts, no other process folds this store, whose spool must exist; `wait` is in seconds.

    Raises StoreBusy and AuditStoreError.
    """
    with locked(spool_dir(store) / "folding", fcntl.LOCK_EX, time.monotonic() + wait):
        yield


def _close_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


_held: set[int] = set()
os.register_at_fork(after_in_child=_close_in_child)


def _open(path: Path, store: Path | None) -> int:
    try:
        # Reading is enough for a lock (flock(2)), and another user's file may allow no more.
        return open_beside(store or path, path, os.O_RDONLY)
    except OSError as error:
        raise AuditStoreError(f"{path} cannot be opened: {error.strerror}") from error
