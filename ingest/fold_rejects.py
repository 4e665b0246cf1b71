"""The rejects of a fold: on disk before its commit, and in the list once, after it.

A commit may fail, or the process be killed, at any moment. So rejects wait in the spool under the name of a segment of
their commit: whether the store has noted that segment says whether they are to be listed.
"""

import contextlib
import os
import stat
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from audit_store.engines.protocol import Engine
from audit_store.errors import InvalidSetting
from audit_store.store_files import spool_dir, sync_folder
from ingest.rejects import Rejected, append_lines, append_missing, as_lines, rejects_path
from ingest.spool import folder, intake
from ingest.spool.segment_names import REJECTS

_LEFT_OUT = (
    "not stored; the reason and the text are left out, because fewer users may read the segment than this list: see "
    "the segment in set-aside, which has its own mode"
)


def private(store: Path, statuses: Mapping[str, os.stat_result]) -> set[str]:
    """The stems of the segments that fewer users may read than the list of rejects. Raises OSError."""
    path = rejects_path(store)
    # What is held has the mode of the store.
    readers = [store.stat(), *([path.lstat()] if path.exists() else [])]
    return {
        stem for stem, status in statuses.items() if any(_is_narrower(status, reader) for reader in readers)
    }


def hold(store: Path, rejects: Mapping[str, Sequence[Rejected]], private: Container[str]) -> Path | None:
    """Make the rejects of segments, by stem, durable before the commit of their fold; gives the file, if any.

    Of those in `private` only the place is listed: the reason may quote the text. Raises SpoolFull, AuditStoreError.
    """
    listed = (
        replace(reject, reason=_LEFT_OUT, raw="") if stem in private else reject
        for stem, of_segment in rejects.items()
        for reject in of_segment
    )
    if not any(rejects.values()):
        return None
    segment = next(iter(rejects))
    part = folder.write_part(store, REJECTS, lambda file: file.writelines(as_lines(listed)))
    held = part.rename(part.with_name(segment + REJECTS))
    sync_folder(held.parent)
    return held


def list_held(store: Path, held: Path) -> None:
    """Add what is held to the list of the store, after the commit. Where the list cannot be written, it stays held."""
    with contextlib.suppress(OSError), intake.open_segment(held) as lines:
        append_lines(rejects_path(store), lines, store)
        held.unlink()


def settle(store: Engine, wait: float) -> None:
    """List what an earlier fold held and committed, and remove what it held for a commit that failed.

    A store that was restored from a backup does not know the commit of a segment that is gone.
    `wait` is in seconds. Raises StoreBusy when another program keeps the store.
    """
    if held := intake.held_rejects(store.path):
        with store.fold(wait) as transaction:
            committed = transaction.folded([path.stem for path in held])
        for path in held:
            if path.stem in committed or not _waits(path):
                with contextlib.suppress(OSError), intake.open_segment(path) as lines:
                    append_missing(rejects_path(store.path), lines, store.path)
                    path.unlink()
            else:
                path.unlink()


def _waits(held: Path) -> bool:
    """Whether the segment of held rejects is still there, so that its next fold finds them again."""
    return any(held.with_suffix(suffix).exists() for suffix in (".ndjson", ".parquet"))


def problem(store: Path) -> str | None:
    """Why rejects are not listed yet; None where all are."""
    try:
        if not intake.held_rejects(store):
            return None
    except InvalidSetting as error:
        return str(error)
    return f"{rejects_path(store)} cannot be written; rejects wait in {spool_dir(store)} until it can be"


def held_segments(store: Path) -> list[str]:
    """The stems of the segments whose rejects are held: the store must not forget them before they are listed."""
    return [path.stem for path in intake.held_rejects(store)]


def _is_narrower(file: os.stat_result, readers: os.stat_result) -> bool:
    """Whether somebody may read a file with the owner and mode of `readers` who may not read `file`."""
    if file.st_mode & stat.S_IROTH:
        return False
    if readers.st_mode & stat.S_IROTH:
        return True
    if file.st_mode & stat.S_IRGRP and file.st_gid == readers.st_gid:
        return False
    return bool(readers.st_mode & stat.S_IRGRP) or readers.st_uid not in (0, file.st_uid)
