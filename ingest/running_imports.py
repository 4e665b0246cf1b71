"""The segments of imports that still run: folds keep what they noted about these, for the report of the import.

A running import holds a lock on a file of the spool that lists its segments. The lock goes with its process.
"""

import contextlib
import fcntl
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from audit_store import file_lock
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.event import fresh_id
from audit_store.store_files import spool_dir
from ingest.spool.intake import open_segment


@contextlib.contextmanager
def running_import(store: Path, segments: Iterable[str]) -> Iterator[None]:
    """While it lasts, an import of these segments (stems) runs. The spool's folder must exist."""
    part = spool_dir(store) / f"{fresh_id()}.import.part"
    with file_lock.locked(part, fcntl.LOCK_EX, time.monotonic(), store):
        part.write_text("\n".join(segments), encoding="utf-8")
        listed = part.rename(part.with_suffix(""))  # named only now that it is locked
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # a later fold removes it
                listed.unlink()


def segments_of_running_imports(store: Path) -> list[str]:
    """The stems of their segments, folded or not; files of imports that were killed are removed."""
    return [segment for path in spool_dir(store).glob("*.import") for segment in _segments(store, path)]


def _segments(store: Path, path: Path) -> list[str]:
    try:
        with file_lock.locked(path, fcntl.LOCK_SH, time.monotonic(), store):
            path.unlink(missing_ok=True)
    except StoreBusy:
        with contextlib.suppress(OSError), open_segment(path) as file:
            return file.read().decode(errors="replace").splitlines()
    except (AuditStoreError, OSError):
        pass  # gone, or the file of another user
    return []
