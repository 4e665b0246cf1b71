"""Whether a dashboard folds a store, so that scripts need not do it themselves."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path

from audit_store import file_lock
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.store_files import make_spool, spool_dir

_LOCK = "resident"
# Seconds. `is_resident` holds the lock for a moment; only another resident holds it for longer.
_LONGER_THAN_A_PROBE = 1.0


@contextlib.contextmanager
def resident(store: Path) -> Iterator[bool]:
    """While it lasts, this process folds the store, and `is_resident` says so to others.

    Gives False where another process has said so first. Raises OSError, AuditStoreError.
    """
    with contextlib.ExitStack() as stack:
        lock = file_lock.locked(
            make_spool(store) / _LOCK, fcntl.LOCK_EX, time.monotonic() + _LONGER_THAN_A_PROBE, store
        )
        try:
            stack.enter_context(lock)
        except StoreBusy:
            is_first = False
        else:
            is_first = True
        yield is_first


def is_resident(store: Path) -> bool:
    """Whether a running dashboard folds this store."""
    path = spool_dir(store) / _LOCK
    if not path.exists():
        return False
    try:
        with file_lock.locked(path, fcntl.LOCK_SH, time.monotonic(), store):
            return False
    except StoreBusy:
        return True
    except AuditStoreError:  # the file of another user
        return False
