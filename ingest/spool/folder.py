"""The spool: the folder beside a store in which appended events wait until a fold moves them into it.

`<store>.spool/` holds

    *-crc.open  a segment that a process is appending to, one JSON event a line, each with a checksum
    *.ndjson    a finished segment, also from other programs, moved here by rename; the name of a batch ends in
                -<events>-<crc32>-batch, that of another segment of this program in -crc
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
import stat
import time
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import IO

from audit_store.errors import UNKNOWN, AuditStoreError, reason
from audit_store.event import fresh_id
from audit_store.store_files import bulk_rows, make_durable, make_spool, open_beside, spool_dir, sync_folder
from ingest.spool import intake
from ingest.spool.segment_names import is_open, is_ready, is_renamed, unique_name
from ingest.spool.segment_writer import disk_error


def write_part(
    store: Path,
    suffix: str,
    write: Callable[[IO[bytes]], object],
    announce: Callable[[str], object] | None = None,
) -> Path:
    """Write a complete, synced file that `publish` moves into the spool; gives its path.

    `suffix` is the end of the segment's name, such as "-7.parquet". `announce` is given its stem before the file is
    created. Raises SpoolFull, AuditStoreError.
    """
    folder = spool_dir(store)
    part = folder / f"{fresh_id()}-{os.getpid()}{suffix}.part"
    try:
        make_spool(store)
        if announce is not None:
            announce(part.with_suffix("").stem)
        with os.fdopen(open_beside(store, part, os.O_WRONLY | os.O_EXCL), "wb") as file:
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
        raise AuditStoreError(f"the spool's disk failed: {reason(error)}", stored=UNKNOWN) from error
    return segments


def ready_segments(store: Path) -> list[Path]:
    """Every finished segment, after taking over those that are still open: those of other programs last.

    Of each kind the oldest is first. A segment's stem is unique for ever, so that a fold can note it: the file of
    another program gets a new name.
    What `intake` leaves stays where it is.
    """
    ready, foreign = [], False
    for path in intake.segments(store):
        with contextlib.suppress(OSError):  # gone meanwhile, or left for whoever may rename it
            if is_open(path.name):
                ready += _taken_over(path)
            elif is_ready(path.name):
                ready.append(path)
            else:
                ready.append(path.rename(path.with_name(unique_name(path.name))))
                foreign = True
    if foreign:
        sync_folder(spool_dir(store))  # a power loss must not bring the old name back after the fold
    return sorted(ready, key=lambda path: (is_renamed(path.name), path))


def has_waiting(store: Path) -> bool:
    """Whether the spool holds any event that a fold of this process would take, or rejects to be listed."""
    return any(intake.segments(store)) or bool(intake.held_rejects(store))


def _taken_over(path: Path) -> list[Path]:
    taken = path.rename(path.with_suffix(".ndjson"))
    # Only after renaming it: what its writer still adds, it writes again when it misses the name.
    if taken.stat().st_size > 0:
        return [taken]
    taken.unlink()
    return []


def set_aside(path: Path) -> Path:
    """Move a segment that holds rejected records out of the spool, and keep it; gives its new path. Raises OSError."""
    folder = path.parent / "set-aside"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.rename(folder.with_name(f"set-aside-{fresh_id()}"))
    if not folder.is_dir():
        make_durable(folder).chmod(stat.S_IMODE(path.parent.stat().st_mode))
    target = folder / path.name
    path.rename(target)
    sync_folder(folder)
    return target


def take_away(segments: Iterable[Path], aside: Container[str]) -> dict[Path, str]:
    """Delete segments whose events are in the store, durably; those whose stem is in `aside` are set aside.

    Gives the reason for each that stays: the store has noted it, and the next fold tries again.
    """
    problems: dict[Path, str] = {}
    folders = set()
    for segment in segments:
        try:
            if segment.stem in aside:
                set_aside(segment)
            else:
                segment.unlink(missing_ok=True)
            folders.add(segment.parent)
        except OSError as error:
            problems[segment] = f"it is stored, and cannot be removed: {error.strerror or error}"
    for folder in folders:
        sync_folder(folder)
    return problems


def remove_left_parts(
    store: Path, live: Callable[[], Container[str] | None], older_than: float = 86_400.0
) -> None:
    """Delete parts that nobody will publish: of imports that have ended, and others `older_than` seconds old.

    `live` gives the stems of the segments of running imports, or None where they are not known.
    """
    parts = list(spool_dir(store).glob("*.part"))
    # Only now: an import lists a segment before it creates the part.
    running = live()
    for part in parts:
        segment = part.with_suffix("")
        with contextlib.suppress(OSError):  # gone, of another user, or a folder
            if bulk_rows(segment.name) is not None:
                is_left = running is not None and segment.stem not in running
            else:
                is_left = time.time() - part.lstat().st_mtime > older_than
            if is_left:
                part.unlink()
