"""Makes a backup of a store while appends, folds and readers go on."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from audit_store.backup import manifest as manifests
from audit_store.backup import side_files
from audit_store.backup.manifest import STORE, Manifest
from audit_store.engines import registry
from audit_store.errors import AuditStoreError, os_error_text
from audit_store.store_files import spool_dir, sync_file, sync_folder

WAIT = 60.0
"""Seconds to wait for another program that writes the store, or for its lock."""
_LEFTOVER_AFTER = 6 * 3600.0
_DRAFT = ".audit-backup-{}.new"


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made; `problems` says which file beside the store is not part of it, and why."""

    folder: Path
    manifest: Manifest
    problems: tuple[str, ...] = ()


def backup(store: Path, folder: Path, wait: float = WAIT) -> Backup:
    """Copy a store and the files beside it into a new folder, which appears complete and checked, or not at all.

    Folds wait while the store is copied, appends do not; `wait` is in seconds. What waits in the spool is not part of
    the backup. The calling process must not have the store open. Raises StoreNotFound, StoreLost, StoreBusy,
    StoreCorrupt, and AuditStoreError for a folder that cannot be used or written.
    """
    try:
        _check_folder(folder, store)
        with _draft(folder) as draft:
            made_at = datetime.now(UTC)
            contents = registry.snapshot(store, draft / STORE, wait)
            problems = tuple(side_files.copy(store, draft))
            manifest = Manifest(
                store=str(store),
                store_id=contents.store_id,
                events=contents.events,
                last_seq=contents.last_seq,
                made_at=made_at,
                files={path.name: manifests.hashed(path) for path in sorted(draft.iterdir())},
            )
            manifest.write(draft)
            for path in draft.iterdir():
                sync_file(path)
            sync_folder(draft)
            draft.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise AuditStoreError(f"{folder} was not made: {os_error_text(error)}") from error
    return Backup(folder, manifest, problems)


def _check_folder(folder: Path, store: Path) -> None:
    """Raise AuditStoreError where a backup must not be made."""
    if folder.is_symlink() or folder.exists():
        raise AuditStoreError(f"{folder} exists already; name a new folder for each backup")
    parent = folder.parent.resolve()
    if not parent.is_dir():
        raise AuditStoreError(f"{parent} is not a folder; create it, or name another place for the backup")
    spool = spool_dir(store).resolve()
    if parent == spool or spool in parent.parents:
        raise AuditStoreError(f"{folder} is in the spool of the store; name another place for the backup")
    if parent == store.parent.resolve() and folder.name.startswith(f"{store.name}."):
        raise AuditStoreError(
            f"{folder}: names that begin with {store.name}. belong to the store; name another folder for the backup"
        )


@contextlib.contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A new folder beside the one that it becomes; those of backups that were killed are removed."""
    for leftover in folder.parent.glob(_DRAFT.format("*")):
        with contextlib.suppress(OSError):
            if time.time() - leftover.lstat().st_mtime > _LEFTOVER_AFTER:
                shutil.rmtree(leftover)
    draft = folder.with_name(_DRAFT.format(uuid4().hex))
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
