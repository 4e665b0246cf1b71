"""Waits until no other program holds a store, by the system's list of locks: opening the file would cost more."""

import os
import time
from pathlib import Path

from audit_store import file_lock
from audit_store.engines.duckdb import rw_lock
from audit_store.errors import StoreBusy
from audit_store.store_files import real_path


def holder(path: Path) -> int | None:
    """The process that holds a lock of fcntl(2) on a file, which DuckDB takes; None where none is known."""
    others = (process for process in file_lock.holders(path, "POSIX") if process not in (os.getpid(), 0))
    return next(others, None)


def wait_until_free(store: Path, wait: float) -> None:
    """Return once no other program keeps the file of a store.

    Raises StoreBusy, naming the process, after `wait` seconds.
    """
    file, deadline = real_path(store), time.monotonic() + wait
    while file.exists():
        # Under the lock, where no reader or writer of this project has the file open.
        with rw_lock.acquired(file, exclusive=True, deadline=deadline):
            process = holder(file)
        if process is None:
            return
        if time.monotonic() > deadline:
            raise StoreBusy(f"{store} is held by {file_lock.describe(process)}; close it there, or try again")
        time.sleep(0.05)
