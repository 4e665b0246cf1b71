"""A consistent copy of a store's file, which is made and read while folds and readers go on."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from audit_store import file_lock
from audit_store.engines.duckdb import creation, file_queries, holder, memory, rw_lock
from audit_store.engines.duckdb.recovery.salvage import survey
from audit_store.engines.duckdb.store import Store
from audit_store.engines.duckdb.writing.checkpoint import journal_of, unfinished_journals
from audit_store.engines.recovery import Contents
from audit_store.errors import StoreBusy, StoreCorrupt, StoreNotFound
from audit_store.file_copy import copy_file
from audit_store.quantities import counted
from audit_store.store_files import real_path, unusable


def take(store: Path, target: Path, wait: float) -> Contents:
    """Copy a store to the new file `target`, with what is still in its write-ahead log, and read every value of it.

    `wait` is in seconds. The calling process must not have the store open: closing a file drops the process's locks
    on it. Raises StoreNotFound, StoreLost, StoreBusy, StoreCorrupt, OSError.
    """
    if not Store(store).exists():
        memory.refuse_new(store)
        raise StoreNotFound(f"there is no store at {store}")
    file = real_path(store)
    with _unchanging(store, wait) as content:
        remembered = memory.read(store)
        copy_file(content, target)
        for beside in (*creation.wals_of(file), *unfinished_journals(file)):
            copy_file(beside, target.with_name(target.name + beside.name.removeprefix(file.name)))
    if creation.never_held_events(target):
        raise StoreCorrupt(f"{store} has no complete header")
    try:
        with Store(target).write() as connection:
            connection.checkpoint()
        # What is left of a write-ahead log could not be read; its events are still in the spool.
        for path in (*creation.wals_of(target), *unusable(target), journal_of(target)):
            path.unlink(missing_ok=True)
        contents = read_contents(target)
    except StoreCorrupt as error:
        raise StoreCorrupt(f"a copy of {store} cannot be used: {error}") from error
    if remembered is not None:
        remembered.check(store, contents.store_id, contents.last_seq)
    return contents


def read_contents(file: Path) -> Contents:
    """What a file holds that nobody else uses, after every value was read.

    Raises StoreCorrupt where events are missing or cannot be read.
    """
    try:
        with Store(file).read() as reader:
            surveyed = survey(reader)
            store_id, _ = reader.one(file_queries.position())
    finally:
        for path in rw_lock.lock_files(file):
            path.unlink(missing_ok=True)
    if surveyed.missing:
        lost = surveyed.last + 1 - surveyed.events
        raise StoreCorrupt(f"{file}: {counted(lost, 'event')} of {surveyed.last + 1:,} cannot be read")
    return Contents(store_id, surveyed.events)


@contextlib.contextmanager
def _unchanging(store: Path, wait: float) -> Iterator[BinaryIO]:
    """The open file of a store, which neither a fold nor another program changes meanwhile."""
    file, deadline = real_path(store), time.monotonic() + wait
    while True:
        with rw_lock.acquired(file, exclusive=False, deadline=deadline), file.open("rb") as content:
            try:
                # The lock that DuckDB takes; closing the file drops it.
                fcntl.lockf(content, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                process = holder.holder(file)
            else:
                yield content
                return
        if time.monotonic() > deadline:
            who = "another program" if process is None else file_lock.describe(process)
            raise StoreBusy(f"{store} is held by {who}; close it there, or try again")
        time.sleep(0.05)
