"""The spool: the folder beside a store in which appended events wait until a fold moves them into it.

`<store>.spool/` holds

    *.open      a segment that a process is appending to, one JSON event a line
    *.ndjson    a finished segment, also from other programs, moved here by rename
    *.parquet   a finished bulk segment; its name ends in -<rows>
    *.part      a file that is not finished; nobody reads it
    set-aside/  segments with something in them that could not be stored

A line counts as appended when `fdatasync` has returned and its segment still has the name `*.open`. A fold takes a
segment over by renaming it, at any time and without a lock: whatever was acknowledged under the old name is read
under the new one, and a writer that finds its segment gone writes its lines again, into a new one. A line that so
exists twice is stored once, by its `event_id`.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from audit_store.errors import UNKNOWN, AuditStoreError
from audit_store.event import fresh_id
from audit_store.store_files import readable, spool_dir, sync_folder
from ingest.spool.segment_names import is_ready, unique_name
from ingest.spool.segment_writer import disk_error, make_durable


def make_folder(store: Path) -> Path:
    """The spool's folder, created durably where it is missing. Raises OSError."""
    return make_durable(spool_dir(store))


def write_part(store: Path, suffix: str, write: Callable[[IO[bytes]], object]) -> Path:
    """Write a complete, synced file that `publish` moves into the spool; gives its path.

    `suffix` is the end of the segment's name, such as "-batch.ndjson". Raises SpoolFull, AuditStoreError.
    """
    folder = spool_dir(store)
    part = folder / f"{fresh_id()}-{os.getpid()}{suffix}.part"
    try:
        make_folder(store)
        with part.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise disk_error(error, folder) from error
    return part


def publish(parts: Iterable[Path]) -> list[Path]:
    """Move parts into the spool, durably; gives the segments.

    Raises AuditStoreError when the disk fails: some of them may be in the spool.
    """
    try:
        segments = [part.rename(part.with_suffix("")) for part in parts]
        for folder in {segment.parent for segment in segments}:
            sync_folder(folder)
    except OSError as error:
        raise AuditStoreError(f"the spool's disk failed: {error}", stored=UNKNOWN) from error
    return segments


def ready_segments(store: Path) -> list[Path]:
    """Every finished segment, oldest first, after taking over those that are still open.

    A segment's stem is unique for ever, so that a fold can note it: the file of another program gets a new name.
    Files that this process may not read are left where they are.
    """
    folder = spool_dir(store)
    if not folder.is_dir():
        return []
    for path in folder.glob("*.open"):
        _take_over(path)
    foreign = [path for path in readable(folder) if path.suffix == ".ndjson" and not is_ready(path.name)]
    for path in foreign:
        path.rename(path.with_name(unique_name(path.name)))
    if foreign:
        sync_folder(folder)  # a power loss must not bring the old name back after the fold
    return sorted(path for path in readable(folder) if is_ready(path.name))


def has_waiting(store: Path) -> bool:
    """Whether the spool holds any event that is not in the DuckDB file yet."""
    return any(_segments(store))


def _segments(store: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        for path in readable(spool_dir(store)):
            if path.suffix in (".open", ".ndjson") or is_ready(path.name):
                yield path


def _take_over(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        taken = path.rename(path.with_suffix(".ndjson"))
        # Only after renaming it: what its writer still adds, it writes again when it misses the name.
        if taken.stat().st_size == 0:
            taken.unlink()


def set_aside(path: Path) -> Path:
    """Move a segment that holds rejected records out of the spool, and keep it; gives its new path."""
    folder = path.parent / "set-aside"
    make_durable(folder)
    target = folder / path.name
    path.rename(target)
    sync_folder(folder)
    return target


def remove(paths: Iterable[Path]) -> None:
    """Delete segments whose events are in the store, durably."""
    removed = list(paths)
    for path in removed:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in removed}:
        sync_folder(folder)


def remove_stale_parts(store: Path, older_than: float = 86_400.0) -> None:
    """Delete parts of interrupted imports that are `older_than` seconds old."""
    for part in spool_dir(store).glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > older_than:
                part.unlink()
