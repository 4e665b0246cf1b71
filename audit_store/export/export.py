"""Export: exactly the events of a filter, whole and in the order of seq, as a file with a manifest.

One statement first counts the events in each short range of seq. Then they are read range by range, and the store
is closed in between, so that folds go on. Events are append-only and a seq is never used again, so the file is a
snapshot of the moment of the first statement; a range with another number of events stops the export.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from audit_store.engines.protocol import Engine
from audit_store.errors import AuditStoreError
from audit_store.event import fresh_id
from audit_store.export import manifest
from audit_store.export.encoders import Encoder, encoder
from audit_store.export.manifest import Manifest, Seal
from audit_store.filters import EventFilter
from audit_store.store_files import sync_folder

MOST_EVENTS = 100_000
MOST_BYTES = 32 << 20
WAIT = 60.0


class SeqRange(NamedTuple):
    """A range of seq, both ends included, and how many events of the filter are in it."""

    first: int
    last: int
    events: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which events an export holds, known before the first one is written."""

    where: EventFilter
    store: Engine
    store_id: str
    ranges: tuple[SeqRange, ...]

    @property
    def events(self) -> int:
        """How many events the file will hold."""
        return sum(seq_range.events for seq_range in self.ranges)

    @property
    def seqs(self) -> tuple[int | None, int | None]:
        """The first and the last seq; None without events."""
        if not self.ranges:
            return None, None
        return self.ranges[0].first, self.ranges[-1].last


class Piece(NamedTuple):
    """The next bytes of a file, and how many events end in them."""

    data: bytes
    events: int


def plan(where: EventFilter, store: Engine, wait: float = WAIT) -> Plan:
    """Count the events of a filter as they are now.

    `wait` is in seconds. Raises StoreNotFound, StoreBusy, StoreCorrupt or StoreNewer.
    """
    with store.read(wait) as reader:
        store_id = str(reader.one(store.queries.identity())[0])
        chunks = reader.arrow(store.queries.export_plan(where))
    rows = zip(*(chunks[name].to_pylist() for name in ("first", "last", "events", "bytes")), strict=True)
    return Plan(where, store, store_id, tuple(_merged(rows)))


def _merged(chunks: Iterator[tuple[int, int, int, int]]) -> Iterator[SeqRange]:
    """Adjacent chunks merged into ranges, as many as one read holds in memory."""
    current: SeqRange | None = None
    size = 0
    for first, last, events, length in chunks:
        if current is not None and current.events + events <= MOST_EVENTS and size + length <= MOST_BYTES:
            current, size = SeqRange(current.first, last, current.events + events), size + length
            continue
        if current is not None:
            yield current
        current, size = SeqRange(first, last, events), length
    if current is not None:
        yield current


def pieces(planned: Plan, fmt: str, wait: float = WAIT) -> Iterator[Piece]:
    """The bytes of the file, in order; between two pieces the store is free.

    Raises InvalidFormat for an unknown format, AuditStoreError when the store no longer holds what was
    planned, and as `plan` does.
    """
    form = encoder(fmt, planned.where.zone)
    yield Piece(form.start(), 0)
    for seq_range in planned.ranges:
        yield from _encoded(planned, seq_range, form, wait)
    yield Piece(form.finish(), 0)


def _encoded(planned: Plan, seq_range: SeqRange, form: Encoder, wait: float) -> Iterator[Piece]:
    queries = planned.store.queries
    with planned.store.read(wait) as reader:
        store_id = str(reader.one(queries.identity())[0])
        events = reader.arrow(queries.export_block(planned.where, first=seq_range.first, last=seq_range.last))
    if store_id != planned.store_id or events.num_rows != seq_range.events:
        raise AuditStoreError(
            f"{planned.store.path} was replaced during the export: seq {seq_range.first} to {seq_range.last} had "
            f"{seq_range.events} events and has {events.num_rows}; start the export again"
        )
    for start in range(0, events.num_rows, form.rows):
        part = events.slice(start, form.rows)
        yield Piece(form.encode(part), part.num_rows)


def export(
    where: EventFilter,
    target: BinaryIO,
    fmt: str,
    store: Engine,
    *,
    file: str = "",
    by: str | None = None,
    wait: float = WAIT,
) -> Manifest:
    """Write the events of a filter to an open binary file and give its manifest.

    `fmt` is csv, jsonl, parquet or ocsf (audit_store/export/encoders.py), `file` the name to write in the manifest,
    `by` who exports (default: the user of this process). Raises as `plan` and `pieces` do.
    """
    planned = plan(where, store, wait)
    seal = Seal()
    for piece in pieces(planned, fmt, wait):
        target.write(piece.data)
        seal.add(piece.data, piece.events)
    return seal.manifest(
        where, file=file, fmt=fmt, store_id=planned.store_id, seqs=planned.seqs, by=by or manifest.user()
    )


def export_to(
    path: Path, where: EventFilter, fmt: str, store: Engine, *, by: str | None = None, wait: float = WAIT
) -> Manifest:
    """Write the events of a filter to a file, and its manifest beside it.

    Both appear complete, durably, or not at all; an existing file stays unchanged until then. If it is killed, the
    files are the old ones, the new ones, or have no manifest, which `verify.check` names. Raises as `export` does,
    and OSError.
    """
    part = path.with_name(f"{path.name}.{fresh_id()}.part")
    try:
        with part.open("xb") as file:
            exported = export(where, file, fmt, store, file=path.name, by=by, wait=wait)
            _sync(file)
        with manifest.path_of(part).open("xb") as file:
            file.write(exported.to_text().encode())
            _sync(file)
        _publish(part, path)
    finally:
        part.unlink(missing_ok=True)
        manifest.path_of(part).unlink(missing_ok=True)
    return exported


def write_manifest(exported: Manifest, path: Path) -> None:
    """Write a manifest to a file of its own, which appears complete and durably. Raises OSError."""
    part = path.with_name(f"{path.name}.{fresh_id()}.part")
    try:
        with part.open("xb") as file:
            file.write(exported.to_text().encode())
            _sync(file)
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _publish(part: Path, path: Path) -> None:
    """Give a synced file and its manifest their names; never a file beside the manifest of another one."""
    manifest.path_of(path).unlink(missing_ok=True)
    sync_folder(path.parent)
    part.replace(path)
    sync_folder(path.parent)
    manifest.path_of(part).replace(manifest.path_of(path))
    sync_folder(path.parent)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
