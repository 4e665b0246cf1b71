"""A new DuckDB file gets its name once it is whole; files that were never whole, or cannot be read, are moved aside."""

import contextlib
import glob
import logging
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

from audit_store.errors import AuditStoreError, reason
from audit_store.local_time import name_stamp
from audit_store.store_files import open_beside, sync_file, sync_folder

HEADERS_BYTES = 3 * 4096
"""The length of the three headers with which a DuckDB file begins."""
_MAGIC = slice(8, 12)
_BLOCK = 1 << 20
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def draft(file: Path, like: Path | None = None) -> Iterator[Path]:
    """A path for a new database, which becomes `file` when the block ends without an error.

    The database is synced before the renaming and the folder after it, so that `file` is whole or not there at all.
    Drafts of creations that were killed are removed. The database has the mode of the file `like`, by default that of
    the empty file that it replaces.
    Call it with the writer's lock. Raises AuditStoreError.
    """
    path = file.with_name(f".{file.name}.{uuid4().hex}.new")
    try:
        _remove(file.parent.glob(f".{glob.escape(file.name)}.*.new*"))
        yield path
        with contextlib.suppress(FileNotFoundError):
            path.chmod(stat.S_IMODE((like or file).stat().st_mode) | stat.S_IRUSR | stat.S_IWUSR)
        sync_file(path)
        path.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise AuditStoreError(f"{file} cannot be created: {reason(error)}") from error
    finally:
        _remove((path, wal_of(path)))


def wal_of(file: Path) -> Path:
    """DuckDB's write-ahead log of a file."""
    return file.with_name(f"{file.name}.wal")


def wals_of(file: Path) -> list[Path]:
    """The write-ahead log of a file and what an interrupted checkpoint leaves of it, as far as they exist."""
    parts = (Path(f"{wal_of(file)}{part}") for part in ("", ".checkpoint", ".recovery"))
    return [path for path in parts if path.exists()]


def prepare_wal(file: Path) -> None:
    """Create the write-ahead log that the next commit writes, with the mode of the file: DuckDB would use the umask.

    Whoever may write the file can then go on after a kill. Call it with the writer's lock. Raises AuditStoreError.
    """
    try:
        os.close(open_beside(file, wal_of(file), os.O_WRONLY | os.O_NOFOLLOW))
    except OSError as error:
        raise AuditStoreError(f"{wal_of(file)} cannot be created: {reason(error)}") from error


def never_held_events(file: Path) -> bool:
    """Whether a file is what a creation that was interrupted leaves: too short for DuckDB's headers, or all zeros.

    A file with a WAL was whole once. Do not call it while this process has the file open: closing a file drops the
    process's locks on it.
    """
    if not file.is_file() or wal_of(file).exists():
        return False
    with file.open("rb") as content:
        head = content.read(HEADERS_BYTES)
        if any(head):
            return len(head) < HEADERS_BYTES and head[_MAGIC] in (b"DUCK", bytes(4))
        return not any(map(any, iter(lambda: content.read(_BLOCK), b"")))


def move_wal_aside(file: Path, opens: Callable[[], bool]) -> bool:
    """Whether `file` opens without its write-ahead log, which is then moved to `<wal>.unusable-<UTC time>`.

    Where it does not, the log stays. Its events are stored again: the spool keeps them until a checkpoint.
    """
    wals = wals_of(file)
    aside = {wal: wal.rename(_unusable_name(wal)) for wal in wals}
    if not wals or not opens():
        for wal, path in aside.items():
            path.rename(wal)
        return False
    sync_folder(file.parent)
    _log.warning("DuckDB cannot read %s; its events are folded again from the spool", aside[wals[0]])
    return True


def move_aside(file: Path) -> Path:
    """Rename a file that cannot be used to `<file>.unusable-<UTC time>`, durably; gives its new path."""
    aside = file.rename(_unusable_name(file))
    sync_folder(file.parent)
    _log.warning("%s cannot be used by DuckDB and was moved to %s", file, aside)
    return aside


def _unusable_name(file: Path) -> str:
    return f"{file}.unusable-{name_stamp()}"


def _remove(paths: Iterator[Path] | tuple[Path, ...]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
