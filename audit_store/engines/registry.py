"""Which engine keeps a store."""

from pathlib import Path

from audit_store.engines.protocol import Engine


def open_store(path: Path | str) -> Engine:
    """The store at `path`, which need not exist yet. Nothing is opened before it is read or written."""
    from audit_store.engines.duckdb.store import Store

    return Store(path)
