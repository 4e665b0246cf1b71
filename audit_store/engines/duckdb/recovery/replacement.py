"""Puts a copy in the place of a store that is damaged, gone or older."""

import time
from pathlib import Path

from audit_store.engines.duckdb import creation, file_queries, memory, rw_lock
from audit_store.engines.duckdb.recovery.salvage import survey
from audit_store.engines.duckdb.recovery.snapshot import read_contents
from audit_store.engines.duckdb.store import Store
from audit_store.engines.recovery import Contents, Replacement
from audit_store.errors import AuditStoreError, StoreCorrupt, StoreLost, StoreNotFound
from audit_store.file_copy import copy_file, give_owner
from audit_store.local_time import name_stamp
from audit_store.quantities import counted
from audit_store.store_files import mode_of, real_path, sync_folder


def replace(store: Path, copy: Path, expected: Contents, *, force: bool, wait: float) -> Replacement:
    """Put `copy` in the place of a store, durably; what is there is moved aside.

    If it is interrupted, the store is the old one, is missing (StoreLost), or is the copy, which may count as lost
    until it is called again. Raises as `registry.replace`.
    """
    file = real_path(store)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_dir():
        raise AuditStoreError(f"{store} is a folder; name a file")
    if not force:
        _refuse_newer(store, expected, wait)
    Store(store).wait_until_free(wait)
    with rw_lock.acquired(file, exclusive=True, deadline=time.monotonic() + wait):
        remembered = memory.read(store)
        with creation.draft(file) as draft:
            _copy(copy, draft, file)
            if read_contents(draft) != expected:
                raise StoreCorrupt(
                    f"{copy} does not hold the {counted(expected.events, 'event')} of its manifest"
                )
            aside = _move_aside(file)
        # Last, so that what is remembered of the old store is known until the copy is in its place.
        new = memory.Memory(expected.store_id, expected.last_seq, Store(store).version())
        for name in (store, file):  # another name of the store has a memory of its own
            if name == store or memory.path_of(name).exists():
                memory.write(name, new)
    is_same = remembered is not None and remembered.store_id == expected.store_id
    return Replacement(aside, remembered.last_seq if remembered is not None and is_same else None)


def _refuse_newer(store: Path, expected: Contents, wait: float) -> None:
    """Raise AuditStoreError for a store that can be read in full and holds events that the copy does not hold."""
    try:
        with Store(store).read(wait) as reader:
            store_id, last_seq = reader.one(file_queries.position())
            if last_seq < 0 or (store_id == expected.store_id and last_seq <= expected.last_seq):
                return
            if survey(reader).missing:
                return
    except (StoreNotFound, StoreLost, StoreCorrupt):
        return
    held = (
        f"ends with seq {last_seq}, and the backup with seq {expected.last_seq}"
        if store_id == expected.store_id
        else f"is another store (id {store_id}) than that of the backup (id {expected.store_id})"
    )
    raise AuditStoreError(
        f"{store} can be read and {held}; nothing was changed; add --force to move it aside and put the backup in "
        "its place"
    )


def _copy(copy: Path, draft: Path, file: Path) -> None:
    """Write the draft, with the owner and mode of the file that it replaces."""
    copy_file(copy, draft)
    if file.exists():
        draft.chmod(mode_of(file.stat()))
    give_owner(draft, file if file.exists() else file.parent)


def _move_aside(file: Path) -> Path | None:
    """Rename a file and its write-ahead log, durably; gives the new name of the file."""
    aside = file.with_name(f"{file.name}.replaced-{name_stamp()}")
    wals = creation.wals_of(file)
    is_there = file.exists()
    if is_there:
        file.rename(aside)
    for wal in wals:
        wal.rename(aside.with_name(aside.name + wal.name.removeprefix(file.name)))
    sync_folder(file.parent)
    return aside if is_there else None
