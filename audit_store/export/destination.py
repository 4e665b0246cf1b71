"""Where an export may go: never over the store, and over another file only when asked to."""

import os
import stat
from pathlib import Path

from audit_store.errors import AuditStoreError
from audit_store.export import manifest
from audit_store.store_files import refuse_own


def files_of(
    output: Path | None, its_manifest: Path | None, store: Path, *, replace: bool
) -> tuple[Path | None, Path | None]:
    """The files that the paths of an export and of its manifest stand for; None where there is no path.

    Raises AuditStoreError as `file_of` does, and where both are the same.
    """
    file, other = (path and file_of(path, store, replace=replace) for path in (output, its_manifest))
    if file is not None and file == other:
        raise AuditStoreError(f"{output} is the exported file; name another one for its manifest")
    return file, other


def file_of(path: Path, store: Path, *, replace: bool) -> Path:
    """The file that a path stands for, behind any symbolic link, when it may be written.

    Raises AuditStoreError for a file of the store and for a folder, and, unless `replace`, for a file that exists.
    """
    refuse_own(store, path)
    file = Path(os.path.realpath(path))
    if file.is_dir():
        raise AuditStoreError(f"{path} is a folder; name a file in it")
    if not replace and not is_stream(file):
        for existing in (file, manifest.path_of(file)):
            if existing.exists():
                raise AuditStoreError(f"{existing} exists; name another file, or replace it with --force")
    return file


def is_stream(file: Path) -> bool:
    """Whether a file is a device or a pipe, into which an export is written as it is."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode)
