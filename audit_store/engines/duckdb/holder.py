"""Which program holds a file, read from the system's list of locks: opening the file itself would cost more."""

import os
import re
import time
from pathlib import Path

from audit_store.engines.duckdb import rw_lock
from audit_store.errors import StoreBusy
from audit_store.store_files import real_path

_LOCKS = Path("/proc/locks")
# proc(5): "1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF"
_LOCK = re.compile(r"POSIX\s+\S+\s+(?:READ|WRITE)\s+(\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s")


def holder(path: Path) -> int | None:
    """The process that holds a lock of fcntl(2) on a file, which DuckDB takes; None where none is known.

    Other systems than Linux have no such list, and some file systems show other device numbers in it.
    """
    try:
        status = path.stat()
        locks = _LOCKS.read_text(encoding="ascii")
    except OSError:
        return None
    device = os.major(status.st_dev), os.minor(status.st_dev)
    for process, major, minor, inode in _LOCK.findall(locks):
        is_file = (int(major, 16), int(minor, 16), int(inode)) == (*device, status.st_ino)
        if is_file and int(process) not in (os.getpid(), 0):
            return int(process)
    return None


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
            raise StoreBusy(f"{store} is held by PID {process}; close it there, or try again")
        time.sleep(0.05)
