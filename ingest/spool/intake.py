"""Which files of the spool a fold takes, and why it leaves the others."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from audit_store.store_files import bulk_rows, spool_dir
from ingest.spool.segment_names import REJECTS, is_open

_FOLDERS = ("set-aside",)
_OURS = ("folding", "resident")
_OUR_SUFFIXES = (".import", REJECTS)
_UNFINISHED = (".part", ".tmp")


@dataclass(frozen=True, slots=True)
class Left:
    """A file of the spool that no fold of this process takes, and the reason."""

    name: str
    reason: str


def segments(store: Path) -> Iterator[Path]:
    """The files that a fold takes, also those that are still appended to, in no order."""
    return (Path(entry.path) for entry, reason in _judged(spool_dir(store)) if reason is None)


def left(store: Path) -> list[Left]:
    """The files that stay in the spool until somebody changes them, by name."""
    judged = ((entry.name, reason) for entry, reason in _judged(spool_dir(store)))
    return [Left(name, reason) for name, reason in sorted(judged, key=str) if reason]


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading; never one behind a link, and never a pipe or a device. Raises OSError."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = open(os.open(path, flags), "rb")  # noqa: SIM115, PTH123  # the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(f"{path} is not a regular file")
    return file


def _judged(folder: Path) -> Iterator[tuple["os.DirEntry[str]", str | None]]:
    """The entries of a spool that hold events or should not be there; the reason is None for a segment."""
    try:
        of_folder = folder.stat()
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if not _is_ours(entry):
            try:
                yield entry, _reason_to_leave(entry, of_folder)
            except FileNotFoundError:  # folded meanwhile
                continue


def _is_ours(entry: "os.DirEntry[str]") -> bool:
    if entry.is_dir(follow_symlinks=False):
        return entry.name in _FOLDERS
    return entry.name in _OURS or entry.name.endswith((*_OUR_SUFFIXES, *_UNFINISHED))


def _reason_to_leave(entry: "os.DirEntry[str]", of_folder: os.stat_result) -> str | None:
    if not entry.is_file(follow_symlinks=False):
        return "not a regular file; links, pipes and folders are not read"
    if not (is_open(entry.name) or entry.name.endswith(".ndjson") or bulk_rows(entry.name) is not None):
        return "not a name of the spool; rename it to *.ndjson to have it folded"
    if not os.access(entry.path, os.R_OK):
        return "no fold of this user can read it; change its owner or mode"
    may_remove_all = not of_folder.st_mode & stat.S_ISVTX or os.geteuid() in (0, of_folder.st_uid)
    if not may_remove_all and entry.stat(follow_symlinks=False).st_uid != os.geteuid():
        return "only its owner or the owner of the spool may remove it; a fold of theirs takes it"
    return None
