"""The rejects of a fold: on disk before its commit, and in the list once, after it.

A commit may fail, or the process be killed, at any moment. So rejects wait in the spool under the name of a segment of
their commit: whether the store has noted that segment says whether they are to be listed.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path

from audit_store.engines.protocol import Engine
from audit_store.store_files import spool_dir, sync_folder
from ingest.rejects import Rejected, append_lines, as_line, rejects_path
from ingest.spool import folder
from ingest.spool.segment_names import REJECTS


def hold(store: Path, segment: str, rejects: Iterable[Rejected]) -> None:
    """Make rejects durable before the commit of a segment (its stem). Raises SpoolFull, AuditStoreError."""
    part = folder.write_part(store, REJECTS, lambda file: file.writelines(map(as_line, rejects)))
    part.rename(part.with_name(segment + REJECTS))
    sync_folder(part.parent)


def list_held(store: Path) -> None:
    """Add what is held to the list of the store. Where the list cannot be written, it stays held."""
    with contextlib.suppress(OSError):
        for path in _held(store):
            with path.open("rb") as lines:
                append_lines(rejects_path(store), lines)
            path.unlink()


def settle(store: Engine, wait: float) -> None:
    """List what an earlier fold held and committed, and remove what it held for a commit that failed.

    A store that was restored from a backup does not know the commit of a segment that is gone.
    `wait` is in seconds. Raises StoreBusy when another program keeps the store.
    """
    if held := _held(store.path):
        with store.fold(wait) as transaction:
            committed = transaction.folded([path.stem for path in held])
        for path in held:
            if path.stem not in committed and _waits(path):
                path.unlink()
        list_held(store.path)


def _waits(held: Path) -> bool:
    """Whether the segment of held rejects is still there, so that its next fold finds them again."""
    return any(held.with_suffix(suffix).exists() for suffix in (".ndjson", ".parquet"))


def problem(store: Path) -> str | None:
    """Why rejects are not listed yet; None where all are."""
    if not _held(store):
        return None
    return f"{rejects_path(store)} cannot be written; rejects wait in {spool_dir(store)} until it can be"


def held_segments(store: Path) -> list[str]:
    """The stems of the segments whose rejects are held: the store must not forget them before they are listed."""
    return [path.stem for path in _held(store)]


def _held(store: Path) -> list[Path]:
    return sorted(spool_dir(store).glob(f"*{REJECTS}"))
