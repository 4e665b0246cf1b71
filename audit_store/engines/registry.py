"""Which engine keeps a store."""

from pathlib import Path

from audit_store.engines.protocol import Engine, RepairReport
from audit_store.errors import AuditStoreError


def open_store(path: Path | str) -> Engine:
    """The store at `path`, which need not exist yet. Nothing is opened before it is read or written."""
    from audit_store.engines.duckdb.store import Store

    return Store(path)


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
