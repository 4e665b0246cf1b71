"""A process appends lines to a segment of its own; each call returns when its lines are on disk."""

import os
import threading
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from audit_store.errors import UNKNOWN, AuditStoreError, reason
from audit_store.store_files import spool_dir
from ingest.spool.segment_writer import Segment, disk_error


@dataclass
class _Group:
    """Lines of several threads that share one write and one sync: the thread that comes first writes for all."""

    lines: list[bytes] = field(default_factory=list)
    writing: threading.Lock = field(default_factory=threading.Lock)
    error: AuditStoreError | None = None

    def __post_init__(self) -> None:
        self.writing.acquire()


class SpoolWriter:
    """Appends lines durably to this process's own segment; safe from many threads, and after a fork."""

    def __init__(self, store: Path) -> None:
        self._store, self._folder = store, spool_dir(store)
        self._segment: Segment | None = None
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._joining = threading.Lock()
        self._syncing = threading.Lock()
        self._group = _Group()
        self._appending_threads: set[int] = set()
        self._drop()

    def append(self, line: bytes) -> None:
        """Return once `line` (a JSON object with an `event_id` or `fresh_id`, no line break) is on disk.

        Raises SpoolFull when the disk is full (not stored) and AuditStoreError when the disk failed; its
        `stored` says which. Threads that call this together share one sync.
        """
        thread = threading.get_ident()
        if thread in self._appending_threads:
            self._append_separately(line)
            return
        first, group = False, self._group
        # A signal may interrupt anywhere: threads that have joined a group must never wait for ever.
        try:
            self._appending_threads.add(thread)
            with self._joining:
                group = self._group
                first = not group.lines
                group.lines.append(line)
            if first:
                with self._syncing:
                    self._close_group(group)
                    self._write(group)
            else:
                with group.writing:
                    pass
        except BaseException:
            if first:
                self._close_group(group)
                group.error = AuditStoreError(f"{self._folder}: the append was interrupted", stored=UNKNOWN)
            raise
        finally:
            self._appending_threads.discard(thread)
            if first:
                group.writing.release()
        if group.error is not None:
            raise copy(group.error) from group.error  # each thread notes its own event_id in its error

    def _append_separately(self, line: bytes) -> None:
        """Append to another segment, for a signal handler that interrupted an append of its own thread."""
        separate = copy(self)
        separate._segment = None
        separate._reset()
        try:
            separate.append(line)
        finally:
            separate._drop()

    def _close_group(self, group: _Group) -> None:
        with self._joining:
            if self._group is group:
                self._group = _Group()

    def _write(self, group: _Group) -> None:
        may_be_stored = False
        try:
            while not self._write_to_segment(group.lines):
                may_be_stored = True  # the fold that took the segment over may have read the lines
        except (OSError, AuditStoreError) as error:
            if may_be_stored:
                group.error = AuditStoreError(
                    f"{self._folder}: writing again failed: {reason(error)}", stored=UNKNOWN
                )
            else:
                group.error = disk_error(error, self._folder) if isinstance(error, OSError) else error

    def _write_to_segment(self, lines: list[bytes]) -> bool:
        """Whether the segment was still this writer's after the write; otherwise the next call makes a new one."""
        # After a failure or an interruption the end of the segment is not known: it is left to the next fold.
        segment, self._segment = self._segment or Segment.create(self._store), None
        try:
            segment.write(lines)
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
