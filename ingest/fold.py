"""Segments of the spool become rows of the store, exactly once.

A segment is noted in the same transaction that stores its events, and its file goes only after the commit
and a checkpoint: whatever is killed in between, the next fold sees what was done and finishes it.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from audit_store import file_lock
from audit_store.engines.fold_results import Conflict, FoldCounts
from audit_store.engines.protocol import WRITE_WAIT, Engine
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, InvalidFormat
from audit_store.store_files import events_in, make_spool
from ingest import fold_rejects, reserve
from ingest.importing.prefetch import prefetched
from ingest.rejects import Rejected
from ingest.running_imports import running_segments
from ingest.spool import folder
from ingest.spool.segment_names import is_renamed
from ingest.spool.segment_reader import size_in_memory, stage
from ingest.spool.staged import Staged, refused

# Well under a second of work, for which readers wait.
BATCH_BYTES = 160 << 20
BATCH_ROW_GROUPS = 6


@dataclass(frozen=True, slots=True)
class FoldReport(FoldCounts):
    """What a fold did; `problems` names each segment that stays in the spool, and a list that cannot be written."""

    problems: tuple[str, ...] = ()


def fold(
    path: Path, wait: float = WRITE_WAIT, after_batch: Callable[[FoldCounts], object] | None = None
) -> FoldReport:
    """Move what waits in the spool of the store at `path` into it; gives what this call did.

    `wait` is how many seconds to wait for the store each time. `after_batch` is given what each batch did, for a
    progress bar. Raises StoreBusy when another program keeps the store, and AuditStoreError when the disk has too
    little space; what was not folded stays in the spool. Safe to call from any number of processes.
    """
    store = open_store(path)
    total = FoldCounts()
    make_spool(path)
    if shortage := reserve.shortage(path, 0):
        raise AuditStoreError(shortage)
    with file_lock.no_fold(path, wait):
        # While another program keeps the store, segments that are still appended to stay whole.
        store.wait_until_free(wait)
        fold_rejects.settle(store, wait)
        folder.remove_left_parts(path, partial(_live_segments, path))
        ready = folder.ready_segments(path)
        present = [
            *(segment.stem for segment in ready),
            *running_segments(path).segments,
            *fold_rejects.held_segments(path),
        ]
        most_bytes = min(BATCH_BYTES, reserve.spare(path))
        batches = list(_batches(ready, BATCH_ROW_GROUPS * store.batch_rows, most_bytes))
        staged = map(stage, batches)
        problems: dict[Path, str] = {}
        # Without a second thread where one will do: Python can start none while it exits.
        for batch in prefetched(staged) if len(batches) > 1 else staged:
            counts = _fold_batch(store, batch, present, wait, problems)
            total += counts
            if after_batch is not None:
                after_batch(counts)
        texts = [f"{segment}: {reason}" for segment, reason in problems.items()]
        if unlisted := fold_rejects.problem(path):
            texts.append(unlisted)
    return FoldReport(**asdict(total), problems=tuple(texts))


def _live_segments(path: Path) -> list[str] | None:
    running = running_segments(path)
    return running.segments if running.all else None


def _batches(segments: list[Path], most_rows: int, most_bytes: int) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = rows = 0
    for segment in segments:
        bytes_more, rows_more = size_in_memory(segment), events_in(segment)
        is_full = size + bytes_more > most_bytes or rows + rows_more > most_rows
        # What other programs wrote may take long to judge: no event of this program waits for it.
        if batch and (is_full or is_renamed(segment.name) != is_renamed(batch[-1].name)):
            yield batch
            batch, size, rows = [], 0, 0
        batch.append(segment)
        size, rows = size + bytes_more, rows + rows_more
    if batch:
        yield batch


def _fold_batch(
    store: Engine, batch: Staged, present: list[str], wait: float, problems: dict[Path, str]
) -> FoldCounts:
    """Store a batch and remove its segments; `problems` gets the reason for each that stays."""
    problems.update(batch.left)
    shortage = reserve.shortage(store.path, batch.rows.nbytes)
    if shortage:
        problems.update(dict.fromkeys(batch.segments, shortage))
    if shortage or not batch.segments:
        return FoldCounts()
    try:
        counts, set_aside = _stored(store, batch, present, wait)
    except MemoryError:
        problems.update(dict.fromkeys(batch.segments, "there is not enough memory to fold it"))
        return FoldCounts()
    except (InvalidFormat, pa.ArrowException, ValueError, TypeError) as error:
        # The store took the write and refused the rows: of one segment, as the others show.
        whole = refused(batch.segments[0], f"its rows cannot be stored ({error})")
        parts = batch.halves() or [replace(whole, statuses=batch.statuses)]
        return sum((_fold_batch(store, part, present, wait, problems) for part in parts), FoldCounts())
    problems.update(folder.take_away(batch.segments, set_aside))
    return counts


def _stored(store: Engine, batch: Staged, present: list[str], wait: float) -> tuple[FoldCounts, set[str]]:
    """What the commit of a batch did, and the stems of its segments to set aside."""
    with store.fold(wait) as transaction:
        folded = transaction.folded(batch.stems)
        fresh = [stem for stem in batch.stems if stem not in folded]
        rows = batch.rows
        if folded:
            rows = rows.filter(pc.is_in(rows["segment"], pa.array(fresh, pa.string())))
        rejected = {stem: list(batch.rejected.get(stem, ())) for stem in fresh}
        counts, conflicts = transaction.insert(
            rows, {stem: len(rejects) for stem, rejects in rejected.items()}, present
        )
        for conflict in conflicts:
            rejected[conflict.segment].append(_rejected(conflict))
        private = fold_rejects.private(store.path, batch.statuses)
        held = fold_rejects.hold(store.path, rejected, private)
        transaction.commit()
    if held is not None:
        fold_rejects.list_held(store.path, held)
    # What an earlier fold left out of the list of rejects is only in the segment.
    aside = {stem for stem, was_set_aside in folded.items() if was_set_aside or stem in private}
    return counts, aside | set(batch.rejected) | {stem for stem in private if rejected.get(stem)}


def _rejected(conflict: Conflict) -> Rejected:
    seq = conflict.first_seq
    first = " in the same fold; the first stays" if seq is None else f"; the first, seq {seq}, stays"
    reason = f"event_id {conflict.event_id} came with another body{first}"
    return Rejected(conflict.segment, conflict.line, reason, conflict.body)
