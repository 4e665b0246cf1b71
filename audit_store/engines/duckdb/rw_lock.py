"""Whose turn it is to open the DuckDB file: two lock files, within a process and between processes.

Everybody passes `turn` alone and takes `room` (readers together, a writer alone) before letting go of `turn`.
A waiting writer so holds back later readers, and later writers queue behind waiting readers: nobody starves.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from audit_store.errors import AuditStoreError, StoreBusy


@contextlib.contextmanager
def taken(store: Path, *, alone: bool, deadline: float) -> Iterator[None]:
    """A turn: a writer's is `alone`, readers share theirs.

    `deadline` is on `time.monotonic`. Raises StoreBusy after it, AuditStoreError for an unusable folder.
    """
    turns, room = (store.with_name(f"{store.name}.{part}") for part in ("turn", "room"))
    if not alone and not (turns.exists() and room.exists()) and not os.access(store.parent, os.W_OK):
        yield  # a folder that may only be read, and that no writer ever used: there is nobody to wait for
        return
    with (
        locked(turns, fcntl.LOCK_EX, deadline) as turn,
        locked(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, deadline),
    ):
        fcntl.flock(turn, fcntl.LOCK_UN)
        yield


@contextlib.contextmanager
def locked(path: Path, kind: int, deadline: float) -> Iterator[int]:
    """Hold a flock on a file, made where it is missing; gives its descriptor. Raises StoreBusy after `deadline`."""
    descriptor = _open(path)
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


def _let_go_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


_held: set[int] = set()
os.register_at_fork(after_in_child=_let_go_in_child)


def _open(path: Path) -> int:
    # To read is enough for a lock (flock(2)); another user's file may allow no more.
    flags = os.O_RDONLY | os.O_CLOEXEC | (0 if path.exists() else os.O_CREAT)
    try:
        return os.open(path, flags, 0o666)
    except OSError as error:
        raise AuditStoreError(f"{path} cannot be opened: {error.strerror}") from error
