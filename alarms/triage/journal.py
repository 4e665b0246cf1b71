"""Append-only files of JSON lines beside a store: a record is there for good once `append` has returned.

A line that a crash cut short was never acknowledged; it is passed over, and the next record starts a line of its own.
"""

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from audit_store.errors import NOT_STORED, UNKNOWN, AuditStoreError, SpoolFull
from audit_store.store_files import sync_folder


class Journal:
    """One such file. Safe from many threads and processes at once, each call on its own file handle."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def records(self) -> list[dict[str, Any]]:
        """Every whole record, oldest first; none where there is no file. Raises AuditStoreError."""
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AuditStoreError(f"{self.path} cannot be read: {error.strerror or error}") from error
        return [found for line in lines if (found := _record(line)) is not None]

    def append(self, record: Mapping[str, Any]) -> None:
        """Return once the record is on disk. Raises SpoolFull or AuditStoreError, which say whether it is stored."""
        line = json.dumps(record, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        try:
            with self._locked() as descriptor:
                _write(descriptor, line)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SpoolFull(
                    f"the disk of {self.path} is full; free some space", stored=NOT_STORED
                ) from error
            raise AuditStoreError(f"{self.path}: {error.strerror or error}", stored=UNKNOWN) from error

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the turn of one longer piece of work on this journal; other programs wait. Appending goes on inside."""
        turn = self.path.with_name(self.path.name + ".turn")
        turn.parent.mkdir(parents=True, exist_ok=True)
        with turn.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
            if is_new:
                sync_folder(self.path.parent)
        finally:
            os.close(descriptor)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _write(descriptor: int, line: bytes) -> None:
    before = os.fstat(descriptor).st_size
    if before and os.pread(descriptor, 1, before - 1) != b"\n":
        line = b"\n" + line
    try:
        rest = memoryview(line)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        os.ftruncate(descriptor, before)
        raise
    os.fsync(descriptor)
