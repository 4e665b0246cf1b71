"""The files beside a store: its spool, what a fold set aside, files that could not be used."""

import contextlib
import errno
import glob
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from audit_store.errors import AuditStoreError
from audit_store.event import UUID_PATTERN

_BULK = re.compile(UUID_PATTERN + r"-\d+-(\d+)\.parquet")
_BATCH = re.compile(UUID_PATTERN + r"-\d+-(\d+)-([0-9a-f]{8})-batch\.ndjson")


def default_store() -> Path:
    """The store that `$AUDIT_STORE` names, else `audit.duckdb` in the working directory."""
    return Path(os.environ.get("AUDIT_STORE") or "audit.duckdb")


def waiting_events(store: Path) -> int:
    """How many events wait in `<store>.spool/` for the next fold, as far as this user may see them."""
    with contextlib.suppress(OSError):
        return count_waiting(store)
    return 0


def count_waiting(store: Path) -> int:
    """How many events wait in `<store>.spool/` for the next fold. Raises OSError where it cannot be listed."""
    try:
        return sum(events_in(path) for path in readable(spool_dir(store)))
    except (FileNotFoundError, NotADirectoryError):
        return 0


def set_aside(store: Path) -> list[Path]:
    """The segments that a fold set aside because they hold rejected records."""
    return sorted(_files(spool_dir(store) / "set-aside"))


def readable(folder: Path) -> Iterator[Path]:
    """The regular files of a folder that this process may read. Raises FileNotFoundError."""
    for entry in os.scandir(folder):
        if entry.is_file(follow_symlinks=False) and os.access(entry.path, os.R_OK):
            yield Path(entry.path)


def spool_dir(store: Path) -> Path:
    """The folder in which events wait."""
    return store.with_name(store.name + ".spool")


def _files(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (path for path in folder.iterdir() if path.is_file())


def events_in(path: Path) -> int:
    """How many events a segment holds: the number in the name of a batch or bulk segment, else its lines.

    0 for other files.
    """
    if (rows := bulk_rows(path.name)) is not None:
        return rows
    if (batch := batch_content(path.name)) is not None:
        return batch[0]
    if path.suffix not in (".open", ".ndjson"):
        return 0
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except FileNotFoundError:  # folded meanwhile
        return 0


def bulk_rows(name: str) -> int | None:
    """How many events the name of a bulk segment says it holds; None for any other name."""
    bulk = _BULK.fullmatch(name)
    return int(bulk[1]) if bulk else None


def batch_content(name: str) -> tuple[int, int] | None:
    """How many events the name of a batch says it holds, and the CRC32 of its content; None for any other name."""
    batch = _BATCH.fullmatch(name)
    return (int(batch[1]), int(batch[2], 16)) if batch else None


def belongs_to(store: Path, path: Path) -> bool:
    """Whether a path leads to a store, to a file beside it or into its spool, also through links."""
    file = Path(os.path.realpath(path))
    for own in {Path(os.path.abspath(store)), real_path(store)}:  # noqa: PTH100  # links stay
        folder = Path(os.path.realpath(own.parent))
        if file.is_relative_to(folder) and file != folder:
            first = file.relative_to(folder).parts[0]
            if first == own.name or first.startswith((f"{own.name}.", f".{own.name}.")):
                return True
    return False


def refuse_own(store: Path, path: Path) -> None:
    """Raise AuditStoreError for a path, to be written, that leads to a store or to a file beside it."""
    if belongs_to(store, path):
        raise AuditStoreError(f"{path} is the store, or a name for a file beside it; name another file")


def real_path(store: Path) -> Path:
    """The file itself where the path of a store is a symbolic link, absolute."""
    return Path(os.path.realpath(store))


def memory_path(store: Path) -> Path:
    """The file that remembers what a store held at its last fold."""
    return store.with_name(f"{store.name}.memory.json")


def is_new_or_remembered(store: Path) -> bool:
    """Whether no file is at the path of a store yet, or a fold has written the one that is there."""
    return os.path.exists(memory_path(store)) or not os.path.exists(store)  # noqa: PTH110  # never raises


def unusable(store: Path) -> list[Path]:
    """Files that a fold moved aside because DuckDB could not use them, oldest first."""
    file = real_path(store)
    name = glob.escape(file.name)
    return sorted(path for part in ("", ".wal*") for path in file.parent.glob(f"{name}{part}.unusable-*"))


def open_regular(path: Path, flags: int = os.O_RDONLY) -> BinaryIO:
    """Open a file for reading, never one behind a link, nor a device or a pipe, which would wait for its other end.

    `flags` may be os.O_RDWR, to change the file by its descriptor. Raises OSError.
    """
    file = os.fdopen(os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is not a regular file")
    return file


def open_beside(store: Path, path: Path, flags: int) -> int:
    """A descriptor of a file beside a store, created with the mode of the store where it is missing.

    The umask applies only as long as there is no store. With `os.O_EXCL` in `flags`, an existing file is an error.
    Raises OSError.
    """
    is_new = bool(flags & os.O_EXCL)
    if not is_new:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags | os.O_CLOEXEC)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        if is_new:
            raise
        return os.open(path, flags | os.O_CLOEXEC)
    give_mode(store, descriptor)
    return descriptor


def give_mode(store: Path, descriptor: int) -> None:
    """Give an open file of this user the mode of the store; nothing happens without a store, or to others' files."""
    with contextlib.suppress(OSError):  # no store yet, or a file system without modes
        mode, status = mode_beside(store), os.fstat(descriptor)
        if stat.S_IMODE(status.st_mode) != mode and status.st_uid == os.geteuid():
            os.fchmod(descriptor, mode)


def mode_beside(store: Path) -> int:
    """The mode of files beside a store: that of the store, which its owner may read and write. Raises OSError."""
    return mode_of(store.stat())


def mode_of(status: os.stat_result) -> int:
    """The mode for a file that whoever may read or write another one may read or write, too, and its owner both."""
    return status.st_mode & 0o666 | stat.S_IRUSR | stat.S_IWUSR


def make_spool(store: Path) -> Path:
    """The spool's folder, created durably where it is missing: whoever may write the store may append.

    It has the mode of the store, with the right to search for whoever may read; the umask applies as long as there is
    no store. The set-group-ID bit of the folder around it stays. Raises OSError.
    """
    folder = spool_dir(store)
    if not folder.is_dir():
        make_durable(folder)
        with contextlib.suppress(OSError):
            mode = mode_beside(store)
            folder.chmod(mode | (mode & 0o444) >> 2 | folder.stat().st_mode & stat.S_ISGID)
    return folder


def make_durable(folder: Path) -> Path:
    """The folder, created durably where it is missing. Raises OSError."""
    if not folder.is_dir():
        make_durable(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)
    return folder


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: without it, a power loss may take a new file. Raises OSError."""
    sync_file(folder)


def sync_file(path: Path) -> None:
    """Make the content of a file durable. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
