"""The product with one safety removed: the suite must notice each of them."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from audit_store.engines.duckdb.writing import checkpoint, fold_sql
from audit_store.engines.duckdb.writing.fold import FoldTransaction
from audit_store.engines.protocol import Query
from audit_store.store_files import spool_dir
from ingest.spool import checksums, folder, segment_lines, segment_writer, staged


def no_sync() -> None:
    """Appends return before their lines are on disk."""
    assert segment_writer._sync
    segment_writer._sync = lambda descriptor: None
    os.fsync = lambda descriptor: None  # type: ignore[assignment,misc]


def removed_before_the_checkpoint() -> None:
    """Segments go after the commit, before everything is in the store's own file."""
    insert = FoldTransaction.insert
    stems: list[str] = []

    def noting(self: FoldTransaction, rows: Any, rejected: Mapping[str, int], present: Any) -> Any:
        stems.extend(rejected)
        return insert(self, rows, rejected, present)

    def removing(self: FoldTransaction) -> None:
        self._connection.execute("COMMIT")
        paths = "SELECT path FROM duckdb_databases() WHERE path IS NOT NULL"
        for (store,) in self._connection.execute(paths).fetchall():
            waiting = spool_dir(Path(store)).iterdir()
            folder.take_away([path for path in waiting if path.stem in stems], ())
        self._connection.execute("CHECKPOINT")

    FoldTransaction.insert = noting  # type: ignore[method-assign]
    FoldTransaction.commit = removing  # type: ignore[method-assign]


def no_idempotency() -> None:
    """A fold stores what it finds, whether it is in the store already or not."""
    FoldTransaction.folded = lambda self, segments: {}  # type: ignore[method-assign]
    fold_sql.find_stored_keys = lambda: Query(
        "CREATE OR REPLACE TEMP TABLE refused (position BIGINT, seq BIGINT, differs BOOLEAN)"
    )


def unlink_before_rename() -> None:
    """A segment is taken over in two steps: its old name goes before it has the new one."""
    rename = Path.rename

    def in_two_steps(self: Path, target: Any) -> Path:
        if self.suffix != ".open":
            return rename(self, target)
        data = self.read_bytes()
        self.unlink()
        Path(target).write_bytes(data)
        return Path(target)

    Path.rename = in_two_steps  # type: ignore[method-assign]


def batch_flag_ignored() -> None:
    """A batch is folded line by line."""
    assert segment_lines.batch_content
    assert staged.is_batch
    segment_lines.batch_content = lambda name: None
    staged.is_batch = lambda name: False


def checksums_ignored() -> None:
    """A line is folded whatever its checksum says."""
    assert checksums.damaged_lines
    checksums.damaged_lines = lambda content: []


def checkpoints_without_a_journal() -> None:
    """A checkpoint writes over blocks in use without keeping them."""
    assert checkpoint._keep
    checkpoint._keep = lambda file, content, blocks: None
    checkpoint._empty = lambda journal: None


MUTANTS: dict[str, Callable[[], object]] = {
    "": lambda: None,
    "no sync": no_sync,
    "segments removed before the checkpoint": removed_before_the_checkpoint,
    "no idempotency": no_idempotency,
    "unlink before rename": unlink_before_rename,
    "batch flag ignored": batch_flag_ignored,
    "checksums ignored": checksums_ignored,
    "checkpoints without a journal": checkpoints_without_a_journal,
}
