"""One file of the spool while it is written, and what makes it durable."""

import errno
import fcntl
import os
from pathlib import Path

from audit_store.beside import sync_folder
from audit_store.errors import NOT_STORED, UNKNOWN, AuditStoreError, SpoolFull
from audit_store.event import fresh_id

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_sync = getattr(os, "fdatasync", os.fsync)


class Segment:
    """A segment that is open for appending; `lock` it around every write."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path, self._descriptor = path, descriptor
        self._name, self._size = str(path), 0

    @classmethod
    def create(cls, folder: Path) -> "Segment":
        """A new file in the folder, its name durable, locked. Raises OSError."""
        make_durable(folder)
        path = folder / f"{fresh_id()}-{os.getpid()}.open"
        # Seen only once it is locked, so that no fold takes it away before its first line.
        part = path.with_name(path.name + ".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            part.rename(path)
            sync_folder(folder)
        except OSError:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    def lock(self) -> bool:
        """Take the segment for writing; False when a fold has taken it over for good."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return os.path.exists(self._name)  # noqa: PTH110 - a path object doubles the price of a look

    def write(self, data: bytes) -> None:
        """Return once all the data is on disk. Raises OSError (not stored), AuditStoreError (unknown)."""
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        try:
            _sync(self._descriptor)
        except OSError as error:
            # After a failed sync the kernel may drop the pages and report success the next time.
            raise AuditStoreError(
                f"{self._path}: the disk failed to sync ({error})", stored=UNKNOWN
            ) from error
        self._size += len(data)

    def unlock(self) -> None:
        """Let a fold take the segment over."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file; it stays for the next fold."""
        os.close(self._descriptor)


def make_durable(folder: Path) -> Path:
    """The folder, made where it is missing so that a power loss does not take it. Raises OSError."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(folder.parent)
    return folder


def disk_error(error: OSError, folder: Path) -> AuditStoreError:
    """What a write that failed means to the caller: nothing was stored."""
    if error.errno in _FULL:
        return SpoolFull(
            f"the disk under {folder} is full; free some space and send the event again", stored=NOT_STORED
        )
    return AuditStoreError(f"{folder}: {error.strerror or error}; nothing was written", stored=NOT_STORED)
