"""A fair reader-writer lock on a store's file, between threads and processes: `turn` is the gate, `room` the lock.

Everyone passes the gate alone, and lets go of it once they hold the lock (readers together, a writer alone).
A waiting writer holds back later readers at the gate, and later writers queue behind waiting readers, so that
nobody starves.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from audit_store.file_lock import locked, release


@contextlib.contextmanager
def acquired(store: Path, *, exclusive: bool, deadline: float) -> Iterator[None]:
    """Hold the lock of a store; a writer's is `exclusive`.

    `deadline` is a time of `time.monotonic`. Raises StoreBusy after it, AuditStoreError for an unusable folder.
    """
    gate, lock = lock_files(store)
    if not exclusive and not (gate.exists() and lock.exists()) and not os.access(store.parent, os.W_OK):
        yield  # a read-only folder that no writer has ever used
        return
    with (
        locked(gate, fcntl.LOCK_EX, deadline, store, behind=lock) as turn,
        locked(lock, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, deadline, store),
    ):
        release(turn)
        yield


def lock_files(store: Path) -> tuple[Path, Path]:
    """The gate and the lock of a store."""
    return store.with_name(f"{store.name}.turn"), store.with_name(f"{store.name}.room")
