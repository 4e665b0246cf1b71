"""The list of what could not be stored: one JSON line a record, beside the store."""

import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from audit_store.errors import AuditStoreError, reason
from audit_store.local_time import now, utc_text
from audit_store.store_files import open_beside, open_regular, sync_folder

_IN_MEMORY = 1 << 20
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was not stored: its file, its line (from 1), why, and its text."""

    file: str
    line: int
    reason: str
    raw: str


class PendingRejects:
    """Rejects of a run that may still fail as a whole: kept in a temporary file until they are listed."""

    def __init__(self) -> None:
        self.count = 0
        self.first: Rejected | None = None
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # __exit__ closes it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, rejects: Iterable[Rejected]) -> None:
        """Keep rejects. Raises OSError when the disk is full."""
        self._file.writelines(as_lines(map(self._counted, rejects)))

    def _counted(self, reject: Rejected) -> Rejected:
        self.first = self.first or reject
        self.count += 1
        return reject

    def append_to(self, path: Path, like: Path) -> None:
        """Add them to the list at `path`, durably. Raises OSError."""
        self._file.seek(0)
        append_lines(path, self._file, like)


def append_lines(path: Path, lines: IO[bytes], like: Path) -> None:
    """Add lines to the list at `path`, durably; a new one has the mode of the file `like`. Raises OSError."""
    is_new = not path.exists()
    # Never through a link, which another user may have put there, and never into a pipe.
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
    with os.fdopen(open_beside(like, path, flags), "ab") as file:
        before = file.tell()
        try:
            shutil.copyfileobj(lines, file)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            # The next try adds all of them; and what a failed sync left in the cache might never reach the disk.
            with contextlib.suppress(OSError):
                os.ftruncate(file.fileno(), before)
            raise
    if is_new:
        sync_folder(path.parent)


def append_missing(path: Path, lines: Iterable[bytes], like: Path) -> None:
    """Add those of the lines to the list at `path` that an interrupted `append_lines` has not written.

    Raises OSError.
    """
    missing = dict.fromkeys(lines)
    last = b""
    with contextlib.suppress(FileNotFoundError), open_regular(path, os.O_RDWR) as file:
        for last in file:
            missing.pop(last, None)
        if not _is_whole(last) and any(line.startswith(last) for line in missing):
            os.ftruncate(file.fileno(), file.tell() - len(last))
            last = b""
    first = b"" if _is_whole(last) else b"\n"
    append_lines(path, io.BytesIO(first + b"".join(missing)), like)


def _is_whole(line: bytes) -> bool:
    return not line or line.endswith(b"\n")


def as_lines(rejects: Iterable[Rejected]) -> Iterator[bytes]:
    """Rejects as lines of the list, with the time now."""
    rejected_at = utc_text(now(), "seconds")
    for reject in rejects:
        record = {"file": reject.file, "line": reject.line, "reason": reject.reason, "raw": reject.raw}
        text = _encode(record | {"rejected_at": rejected_at})
        yield text.encode(errors="backslashreplace") + b"\n"


def rejects_path(store: Path) -> Path:
    """Where the rejects of this store are listed unless the caller names another file."""
    return store.with_name(store.name + ".rejects.jsonl")


def count_rejects(store: Path) -> int:
    """How many records the store's own list holds. Raises AuditStoreError where it cannot be read."""
    path = rejects_path(store)
    try:
        with open_regular(path) as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise AuditStoreError(f"{path} cannot be read: {reason(error)}") from error
