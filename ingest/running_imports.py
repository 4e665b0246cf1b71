"""The imports that still run, and their segments: folds leave the parts of these alone, and keep what they noted.

A running import holds a lock on a file of the spool that lists its segments. The lock goes with its process.
"""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from audit_store import file_lock
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.event import fresh_id
from audit_store.store_files import make_spool, spool_dir
from ingest.spool.intake import open_segment


class RunningImport:
    """An import that runs until the stack is closed; its file is there from its first segment on."""

    def __init__(self, store: Path, stack: contextlib.ExitStack) -> None:
        self._store, self._stack = store, stack
        self._list: IO[str] | None = None

    def add(self, segment: str) -> None:
        """List a segment (its stem), before any file of it is created. Raises AuditStoreError, OSError."""
        if self._list is None:
            self._list = self._create()
        self._list.write(segment + "\n")
        self._list.flush()

    def _create(self) -> IO[str]:
        part = make_spool(self._store) / f"{fresh_id()}.import.part"
        lock = file_lock.locked(part, fcntl.LOCK_EX, time.monotonic(), self._store)
        self._stack.enter_context(lock)
        listed = part.rename(part.with_suffix(""))  # named only now that it is locked
        self._stack.callback(_remove, listed)
        return self._stack.enter_context(listed.open("a", encoding="utf-8"))


@contextlib.contextmanager
def running_import(store: Path) -> Iterator[RunningImport]:
    """While it lasts, an import runs."""
    with contextlib.ExitStack() as stack:
        yield RunningImport(store, stack)


class Running(NamedTuple):
    """The stems of the segments of running imports, folded or not; not of `all` where a list cannot be read."""

    segments: list[str]
    all: bool


def running_segments(store: Path) -> Running:
    """The segments of imports that run; the lists of imports that were killed are removed."""
    lists = [_segments(store, path) for path in spool_dir(store).glob("*.import")]
    return Running([stem for stems in lists for stem in stems or ()], all=None not in lists)


def _segments(store: Path, path: Path) -> list[str] | None:
    """The segments of an import, none if it has ended; None where that cannot be found out."""
    try:
        with file_lock.locked(path, fcntl.LOCK_SH, time.monotonic(), store):
            path.unlink(missing_ok=True)
            return []
    except StoreBusy:
        with contextlib.suppress(AuditStoreError, OSError), open_segment(path) as file:
            return file.read().decode(errors="replace").splitlines()
    except (AuditStoreError, OSError):
        pass  # the file of another user
    return None if path.exists() else []


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # a later fold removes it
        path.unlink()
