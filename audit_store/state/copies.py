"""A copy of the SQLite file beside a store, and its return."""

import contextlib
import os
import sqlite3
from pathlib import Path

from audit_store.errors import StoreCorrupt
from audit_store.file_copy import put_new
from audit_store.local_time import name_stamp
from audit_store.state import database
from audit_store.store_files import mode_of


def copy(store: Path, target: Path) -> bool:
    """Copy the state of a store to the new file `target` while others read and write it; False if there is none.

    Raises what `database.reading` raises.
    """
    path = database.path_of(store)
    if not path.exists():
        return False
    # With this mode before it holds anything.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    with (
        database.reading(store) as connection,
        database.translated(target),
        contextlib.closing(sqlite3.connect(target)) as copied,
    ):
        connection.backup(copied)
    target.chmod(mode_of(path.stat()))
    return True


def put_back(store: Path, source: Path) -> bool:
    """Put a copy in the place of the state of a store if that is missing or damaged, durably; whether it did.

    A damaged one is moved to `<name>.replaced-<UTC time>`. Raises StoreBusy, StoreNewer, AuditStoreError and OSError.
    """
    path = database.path_of(store)
    if path.exists():
        try:
            with database.reading(store):
                return False
        except StoreCorrupt:
            pass
    suffix = f".replaced-{name_stamp()}"
    for part in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + part).rename(path.with_name(path.name + suffix + part))
    put_new(source, path, store)
    return True
