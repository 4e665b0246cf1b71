"""Which engine keeps a store."""

from pathlib import Path

from audit_store.engines.protocol import Engine, RepairReport


def open_store(path: Path | str) -> Engine:
    """The store at `path`, which need not exist yet. Nothing is opened before it is read or written."""
    from audit_store.engines.duckdb.store import Store

    return Store(path)


def repair(path: Path) -> RepairReport:
    """Read every value of a store, and save what can be read of a damaged one beside it.

    Raises StoreNotFound, StoreBusy and StoreNewer, and AuditStoreError when the file of an earlier repair is still
    there.
    """
    from audit_store.engines.duckdb.recovery.repair import repair

    return repair(path)
