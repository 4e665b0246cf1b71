"""The spool: where an append becomes durable, one file per process, before it reaches the DuckDB file.

`<store>.spool/` holds

    *.open      a segment that a process is appending to, one JSON event a line
    *.ndjson    a finished segment, also from other programs, moved here by rename
    *.parquet   a finished bulk segment; its name ends in -<rows>
    *.part      a file that is not finished; nobody reads it
    set-aside/  segments with something in them that could not be stored

A line counts as appended when `fdatasync` has returned and its segment still has the name `*.open`. A fold takes a
segment over by renaming it, at any time and without a lock: whatever was acknowledged under the old name is read
under the new one, and a writer that finds its segment gone writes its lines again, into a new one. A line that so
stands twice is stored once, by its `event_id`.
"""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from audit_store.errors import UNKNOWN, AuditStoreError
from audit_store.event import fresh_id
from audit_store.store_files import events_in, readable, spool_dir, sync_folder
from ingest.spool.segment_names import is_ready, unique_name
from ingest.spool.segment_writer import Segment, disk_error, make_durable


@dataclass
class _Group:
    """Lines of several threads that share one write and one sync; the first to join writes for all."""

    lines: list[bytes] = field(default_factory=list)
    writing: threading.Lock = field(default_factory=threading.Lock)
    error: AuditStoreError | None = None

    def __post_init__(self) -> None:
        self.writing.acquire()


class SpoolWriter:
    """Appends lines durably to this process's own segment; safe from many threads, and after a fork."""

    def __init__(self, store: Path) -> None:
        self._folder = spool_dir(store)
        self._segment: Segment | None = None
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._joining = threading.Lock()
        self._syncing = threading.Lock()
        self._group = _Group()
        self._inside: set[int] = set()
        self._drop()

    def append(self, line: bytes) -> None:
        """Return once `line` (JSON with an `event_id` or `fresh_id`, no line break) is on disk.

        Raises SpoolFull when the disk is full (not stored) and AuditStoreError when the disk failed; its
        `stored` says which. Threads that call this together share one sync.
        """
        thread = threading.get_ident()
        if thread in self._inside:
            self._append_beside(line)
            return
        first, group = False, self._group
        # Ctrl-C and other signals may interrupt anywhere: those who joined a group must never wait in vain.
        try:
            self._inside.add(thread)
            with self._joining:
                group = self._group
                first = not group.lines
                group.lines.append(line + b"\n")
            if first:
                with self._syncing:
                    self._part_from(group)
                    self._write(group)
            else:
                with group.writing:
                    pass
        except BaseException:
            if first:
                self._part_from(group)
                group.error = AuditStoreError(f"{self._folder}: the append was interrupted", stored=UNKNOWN)
            raise
        finally:
            self._inside.discard(thread)
            if first:
                group.writing.release()
        if group.error is not None:
            raise copy(group.error) from group.error  # each thread notes its own event_id in its error

    def _append_beside(self, line: bytes) -> None:
        """For a signal handler that interrupted an append of its own thread: with a segment of its own."""
        beside = copy(self)
        beside._segment = None
        beside._reset()
        try:
            beside.append(line)
        finally:
            beside._drop()

    def _part_from(self, group: _Group) -> None:
        with self._joining:
            if self._group is group:
                self._group = _Group()

    def _write(self, group: _Group) -> None:
        data = b"".join(group.lines)
        may_be_stored = False
        try:
            while not self._write_to_segment(data):
                may_be_stored = True  # the fold that took the segment over may have read the lines
        except (OSError, AuditStoreError) as error:
            if may_be_stored:
                group.error = AuditStoreError(
                    f"{self._folder}: writing again failed: {error}", stored=UNKNOWN
                )
            else:
                group.error = disk_error(error, self._folder) if isinstance(error, OSError) else error

    def _write_to_segment(self, data: bytes) -> bool:
        """Whether the segment was still this writer's after the write; otherwise the next call makes a new one."""
        # After a failure or an interruption the end of the segment is not known: it is left to the next fold.
        segment, self._segment = self._segment or Segment.create(self._folder), None
        try:
            segment.write(data)
            if segment.is_open():
                self._segment = segment
                return True
        except BaseException:
            self._segment = None
            segment.close()
            raise
        segment.close()
        return False

    def _drop(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()


def make_folder(store: Path) -> Path:
    """The spool's folder, made durably where it is missing. Raises OSError."""
    return make_durable(spool_dir(store))


def write_part(store: Path, suffix: str, write: Callable[[IO[bytes]], object]) -> Path:
    """A complete, synced file that is not in the spool yet: `publish` moves it there.

    `suffix` is what the segment's name ends with, such as "-batch.ndjson". Raises SpoolFull.
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
    """Move parts into the spool; durable when this returns. Gives the segments.

    Raises AuditStoreError when the disk failed: some of them may be there.
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

    A segment's stem is unique for ever, so that a fold can remember it: a file that another program moved
    here under a name of its own is given a new one. What this process may not read is left where it is.
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


def waiting_events(store: Path) -> int:
    """How many events wait in the spool."""
    return sum(events_in(path) for path in _segments(store))


def _segments(store: Path) -> Iterator[Path]:
    with contextlib.suppress(FileNotFoundError):
        for path in readable(spool_dir(store)):
            if path.suffix in (".open", ".ndjson") or is_ready(path.name):
                yield path


def _take_over(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        taken = path.rename(path.with_suffix(".ndjson"))
        # Only now: what its writer adds before it misses the name, it writes again.
        if taken.stat().st_size == 0:
            taken.unlink()


def set_aside(path: Path) -> Path:
    """Move a segment out of the way of folding, keeping it for a person to look at."""
    folder = path.parent / "set-aside"
    make_durable(folder)
    target = folder / path.name
    path.rename(target)
    sync_folder(folder)
    return target


def remove(paths: Iterable[Path]) -> None:
    """Delete segments whose events are safe in the DuckDB file."""
    gone = list(paths)
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in gone}:
        sync_folder(folder)


def remove_stale_parts(store: Path, older_than: float = 86_400.0) -> None:
    """Delete what an interrupted import left, once it is `older_than` seconds old."""
    for part in spool_dir(store).glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > older_than:
                part.unlink()
