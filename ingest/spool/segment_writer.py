"""The segment that a process appends to, and what makes a file of the spool durable."""

import contextlib
import errno
import os
from collections.abc import Sequence
from pathlib import Path

from audit_store.errors import NOT_STORED, UNKNOWN, AuditStoreError, SpoolFull, reason
from audit_store.event import fresh_id
from audit_store.store_files import make_spool, open_beside, sync_folder
from ingest.spool import checksums

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BURST = 4096  # bytes after which a writer is expected to go on
_ZEROS = bytes(65_536)
_sync = getattr(os, "fdatasync", os.fsync)


class Segment:
    """A file that is open for appending."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._name, self._descriptor = str(path), descriptor
        self._size = self._room = self._checksum = 0

    @classmethod
    def create(cls, store: Path) -> "Segment":
        """A new file in the spool of a store, whose name is durable. Raises OSError."""
        folder = make_spool(store)
        path = folder / f"{fresh_id()}-{os.getpid()}-crc.open"
        descriptor = open_beside(store, path, os.O_WRONLY | os.O_EXCL)
        try:
            sync_folder(folder)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, descriptor)

    def write(self, lines: Sequence[bytes]) -> None:
        """Return once the lines (JSON objects, without line ends) and their checksums are on disk.

        Raises OSError (not stored), AuditStoreError (unknown). After an exception of any kind, Ctrl-C included, the
        segment must not be written to again.
        """
        text, checksum = checksums.with_checksums(lines, self._checksum)
        end = self._size + len(text)
        self._write(text + checksums.END)
        if end >= self._room:
            self._make_room(end + len(checksums.END))
        try:
            _sync(self._descriptor)
        except OSError as error:
            # After a failed sync the kernel may drop the pages and report success the next time.
            raise AuditStoreError(
                f"{self._name}: the disk failed to sync ({reason(error)})", stored=UNKNOWN
            ) from error
        self._size, self._checksum = end, checksum

    def _write(self, data: bytes) -> None:
        position, end = self._size, self._size + len(data)
        try:
            while position < end:
                position += os.pwrite(self._descriptor, data[position - end :], position)
        except OSError as error:
            if not self._takes_back(position - self._size):
                raise AuditStoreError(f"{self._name}: {error.strerror or error}", stored=UNKNOWN) from error
            raise

    def _takes_back(self, written: int) -> bool:
        """Whether no fold can read the bytes that a failed write has `written` after the whole lines."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._size)
            if self._size:
                os.ftruncate(self._descriptor, self._size + len(checksums.END))
            return written == 0 or self.is_open()
        return False

    def _make_room(self, end: int) -> None:
        """Write zeros after `end`: a sync that does not change the file's size skips the journal of the file system."""
        self._room = end
        if end > _BURST:
            with contextlib.suppress(OSError):
                self._room += os.pwrite(self._descriptor, _ZEROS, end)

    def is_open(self) -> bool:
        """Whether no fold has taken the segment over yet."""
        return os.access(self._name, os.F_OK)  # the cheapest check

    def close(self) -> None:
        """Close the file; it stays for the next fold."""
        os.close(self._descriptor)


def disk_error(error: OSError, folder: Path) -> AuditStoreError:
    """The error of a write that stored nothing."""
    if error.errno in _FULL:
        return SpoolFull(
            f"the disk under {folder} is full; free some space and send the event again", stored=NOT_STORED
        )
    return AuditStoreError(f"{folder}: {reason(error)}; nothing was written", stored=NOT_STORED)
