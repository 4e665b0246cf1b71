"""Export: exactly the events of a filter, whole and in the order of seq, as a file with a manifest.

First one statement names the events: how many there are in each short stretch of seq. Then they are read
stretch by stretch, each in a turn of its own, so that folds go on between. Events are append-only and a seq
is never used again, so the file is a snapshot of the moment of that first statement; a stretch that has other
events than it said stops the export.
"""

import io
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

MOST_EVENTS = 100_000
MOST_BYTES = 32 << 20
WAIT = 60.0


class Stretch(NamedTuple):
    """A range of seq, both ends included, and how many events of the filter are in it."""

    first: int
    last: int
    events: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which events an export holds: they are known before the first one is written."""

    where: EventFilter
    store: Engine
    store_id: str
    stretches: tuple[Stretch, ...]

    @property
    def events(self) -> int:
        """How many events the file will hold."""
        return sum(stretch.events for stretch in self.stretches)

    @property
    def seqs(self) -> tuple[int | None, int | None]:
        """The first and the last seq; None without events."""
        if not self.stretches:
            return None, None
        return self.stretches[0].first, self.stretches[-1].last


class Piece(NamedTuple):
    """The next bytes of a file, and how many events end in them."""

    data: bytes
    events: int


def plan(where: EventFilter, store: Engine, wait: float = WAIT) -> Plan:
    """Pin the events of a filter as they are now.

    `wait` is in seconds. Raises StoreNotFound, StoreBusy, StoreCorrupt or StoreNewer.
    """
    with store.read(wait) as reader:
        store_id = str(reader.one(store.queries.identity())[0])
        chunks = reader.arrow(store.queries.export_plan(where))
    rows = zip(*(chunks[name].to_pylist() for name in ("first", "last", "events", "bytes")), strict=True)
    return Plan(where, store, store_id, tuple(_joined(rows)))


def _joined(chunks: Iterator[tuple[int, int, int, int]]) -> Iterator[Stretch]:
    """Neighbouring chunks together, as many as one read takes into memory."""
    held: Stretch | None = None
    size = 0
    for first, last, events, length in chunks:
        if held is not None and held.events + events <= MOST_EVENTS and size + length <= MOST_BYTES:
            held, size = Stretch(held.first, last, held.events + events), size + length
            continue
        if held is not None:
            yield held
        held, size = Stretch(first, last, events), length
    if held is not None:
        yield held


def pieces(planned: Plan, fmt: str, wait: float = WAIT) -> Iterator[Piece]:
    """The bytes of the file, in order; between two pieces the store is free.

    Raises InvalidFormat for an unknown format, AuditStoreError when the store no longer holds what was
    planned, and as `plan` does.
    """
    form = encoder(fmt, planned.where.zone)
    yield Piece(form.start(), 0)
    for stretch in planned.stretches:
        yield from _encoded(planned, stretch, form, wait)
    yield Piece(form.finish(), 0)


def _encoded(planned: Plan, stretch: Stretch, form: Encoder, wait: float) -> Iterator[Piece]:
    queries = planned.store.queries
    with planned.store.read(wait) as reader:
        store_id = str(reader.one(queries.identity())[0])
        events = reader.arrow(queries.export_block(planned.where, first=stretch.first, last=stretch.last))
    if store_id != planned.store_id or events.num_rows != stretch.events:
        raise AuditStoreError(
            f"{planned.store.path} was replaced during the export: seq {stretch.first} to {stretch.last} had "
            f"{stretch.events} events, and now {events.num_rows}; start the export again"
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
    """Write the events of a filter to an open binary file; gives its manifest.

    `fmt` is csv, jsonl, parquet or ocsf (audit_store/export/encoders.py), `file` the name that the manifest notes,
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

    Both appear whole, or not at all: a file of that name stays as it was until then. Raises as `export` does,
    and OSError.
    """
    part = path.with_name(f"{path.name}.{fresh_id()}.part")
    try:
        with part.open("xb") as file:
            made = export(where, file, fmt, store, file=path.name, by=by, wait=wait)
            _sync(file)
        write_manifest(made, manifest.path_of(part))
        part.replace(path)
        manifest.path_of(part).replace(manifest.path_of(path))
    finally:
        part.unlink(missing_ok=True)
        manifest.path_of(part).unlink(missing_ok=True)
    return made


def write_manifest(made: Manifest, path: Path) -> None:
    """Write a manifest to a file of its own. Raises OSError."""
    with path.open("wb") as file:
        file.write(made.to_text().encode())
        _sync(file)


def export_bytes(where: EventFilter, fmt: str, store: Engine, *, wait: float = WAIT) -> bytes:
    """The same file in memory, for what fits there. Raises as `export` does."""
    content = io.BytesIO()
    export(where, content, fmt, store, wait=wait)
    return content.getvalue()


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
