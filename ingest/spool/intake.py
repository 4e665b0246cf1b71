"""Which files of the spool a fold takes, and why it leaves the others."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from audit_store.errors import AuditStoreError
from audit_store.store_files import bulk_rows, open_regular, spool_dir
from ingest.spool.owners import VARIABLE, accepted_owners
from ingest.spool.segment_names import REJECTS, is_open

_FOLDERS = ("set-aside",)
_LOCKS = ("folding", "resident")
_IMPORT = ".import"
_UNFINISHED = (".part", ".tmp")
_NOT_ACCEPTED = f"{VARIABLE} does not name its owner; add the user, or remove the file"


@dataclass(frozen=True, slots=True)
class Left:
    """A file of the spool that no fold of this process takes, and the reason."""

    name: str
    reason: str


def segments(store: Path) -> Iterator[Path]:
    """The files that a fold takes, also those that are still appended to, in no order. Raises AuditStoreError."""
    return (Path(entry.path) for entry, reason in _judged(spool_dir(store)) if reason is None)


def left(store: Path) -> list[Left]:
    """The files that stay in the spool until somebody changes them, by name; or the spool, where it stays whole."""
    try:
        judged = [(entry.name, reason) for entry, reason in _judged(spool_dir(store))]
    except AuditStoreError as error:
        return [Left(spool_dir(store).name, str(error))]
    return [Left(name, reason) for name, reason in sorted(judged, key=str) if reason]


def held_rejects(store: Path) -> list[Path]:
    """The files of rejects that a fold holds: never a link to another file. Raises InvalidSetting."""
    accepted = accepted_owners()
    held = []
    for path in spool_dir(store).glob(f"*{REJECTS}"):
        with contextlib.suppress(FileNotFoundError):  # listed meanwhile
            if _is_held(path.lstat(), accepted):
                held.append(path)
    return sorted(held)


def open_segment(path: Path) -> BinaryIO:
    """Open a segment for reading; never one behind a link, a pipe or a device, or of a user who is not accepted.

    Raises OSError, InvalidSetting.
    """
    file = open_regular(path)
    status, accepted = os.fstat(file.fileno()), accepted_owners()
    if accepted is not None and status.st_uid not in accepted:
        file.close()
        raise PermissionError(errno.EPERM, _NOT_ACCEPTED)
    return file


def _judged(folder: Path) -> Iterator[tuple["os.DirEntry[str]", str | None]]:
    """The entries of a spool that hold events or should not be there; the reason is None for a segment."""
    try:
        of_folder = folder.stat()
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise AuditStoreError(
            f"{folder} cannot be listed: {error.strerror}; give this user the right to read it"
        ) from error
    accepted = accepted_owners()
    for entry in entries:
        with contextlib.suppress(FileNotFoundError):  # folded meanwhile
            if not _is_expected(entry, accepted):
                yield entry, _reason_to_leave(entry, of_folder, accepted)


def _is_expected(entry: "os.DirEntry[str]", accepted: frozenset[int] | None) -> bool:
    if not entry.is_file(follow_symlinks=False):
        return entry.name in _FOLDERS and entry.is_dir(follow_symlinks=False)
    if entry.name.endswith(REJECTS):
        return _is_held(entry.stat(follow_symlinks=False), accepted)
    return entry.name in _LOCKS or entry.name.endswith((_IMPORT, *_UNFINISHED))


def _is_held(status: os.stat_result, accepted: frozenset[int] | None) -> bool:
    is_accepted = accepted is None or status.st_uid in accepted
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and is_accepted


def _reason_to_leave(
    entry: "os.DirEntry[str]", of_folder: os.stat_result, accepted: frozenset[int] | None
) -> str | None:
    if not entry.is_file(follow_symlinks=False):
        return "not a regular file; links, pipes and folders are not read"
    if not (is_open(entry.name) or entry.name.endswith(".ndjson") or bulk_rows(entry.name) is not None):
        return "not a name of the spool; rename it to *.ndjson to have it folded"
    if not os.access(entry.path, os.R_OK):
        return "no fold of this user can read it; change its owner or mode"
    owner = entry.stat(follow_symlinks=False).st_uid
    if accepted is not None and owner not in accepted:
        return _NOT_ACCEPTED
    may_remove_all = not of_folder.st_mode & stat.S_ISVTX or os.geteuid() in (0, of_folder.st_uid)
    if not may_remove_all and owner != os.geteuid():
        return "only its owner or the owner of the spool may remove it; a fold of theirs takes it"
    return None
