"""Which engine keeps a store."""

from pathlib import Path

from audit_store.engines.protocol import Engine
from audit_store.engines.recovery import Contents, RepairReport, Replacement
from audit_store.errors import AuditStoreError, StoreCorrupt
from audit_store.store_files import real_path


def open_store(path: Path | str) -> Engine:
    """The store at `path`, which need not exist yet. Nothing is opened before it is read or written."""
    from audit_store.engines.duckdb.store import Store

    return Store(path)


def refuse_foreign(path: Path) -> None:
    """Raise StoreCorrupt for what no fold has made or changed: text, a device, or the database of another program.

    What an interrupted creation left and a damaged write-ahead log are no such file: a fold does without them. A file
    that this process may not read, or that another one holds, may be a store.
    """
    from audit_store.engines.duckdb import creation, memory

    store = open_store(path)
    if memory.read(path) is not None:
        return
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise StoreCorrupt(f"{path} is not a file but a device, pipe or socket; name another file")
    if not store.exists():
        return
    try:
        with store.read(wait=0):
            pass
    except StoreCorrupt as error:
        file = real_path(path)
        if not (creation.never_held_events(file) or creation.wals_of(file)):
            raise StoreCorrupt(f"{error}; name another file, or move this one away") from error
    except AuditStoreError:
        pass


def accept(path: Path) -> str:
    """Take the store as it is, or as missing, for the right one; gives what was remembered of it, as a sentence.

    Raises AuditStoreError where nothing is remembered, OSError.
    """
    from audit_store.engines.duckdb import memory

    remembered = memory.read(path)
    if remembered is None:
        raise AuditStoreError(f"nothing is remembered of {path}; there is nothing to accept")
    memory.forget(path)
    return f"it held events to seq {remembered.last_seq} at its last fold (id {remembered.store_id or 'unknown'})"


def repair(path: Path) -> RepairReport:
    """Read every value of a store, and save what can be read of a damaged one beside it.

    Raises StoreNotFound, StoreBusy and StoreNewer, and AuditStoreError when the file of an earlier repair is still
    there.
    """
    from audit_store.engines.duckdb.recovery.repair import repair

    return repair(path)


def snapshot(path: Path, target: Path, wait: float) -> Contents:
    """Copy a store to the new file `target` while folds and readers of other processes go on, and read the copy.

    Folds wait while the file is copied; `wait` is how many seconds to wait for another program that writes it. The
    calling process must not have the store open. Raises StoreNotFound, StoreLost, StoreBusy, StoreCorrupt, OSError.
    """
    from audit_store.engines.duckdb.recovery import snapshot

    return snapshot.take(path, target, wait)


def replace(path: Path, copy: Path, expected: Contents, *, force: bool, wait: float) -> Replacement:
    """Put a copy that `snapshot` made in the place of a store, durably; what is there is moved aside.

    Call it with the lock of a fold (`file_lock.no_fold`); `wait` is in seconds. Without `force`, a store that can be
    read is replaced only if the copy holds all of its events. Raises AuditStoreError where it does not, StoreBusy,
    StoreCorrupt for a copy that does not hold what is expected, OSError.
    """
    from audit_store.engines.duckdb.recovery import replacement

    return replacement.replace(path, copy, expected, force=force, wait=wait)
