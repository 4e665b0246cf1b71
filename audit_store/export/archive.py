"""An export as a ZIP file in pieces: the events, then their manifest. Nothing is kept once it was given out."""

import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, cast

from audit_store.export.export import WAIT, Piece, Plan, pieces
from audit_store.export.manifest import SUFFIX, Seal
from audit_store.export.sink import Sink

_FAST, _AS_IT_IS = 1, 0


def archive(planned: Plan, fmt: str, name: str, by: str, wait: float = WAIT) -> Iterator[Piece]:
    """The bytes of the ZIP file, in order; some pieces are empty. Between two pieces the store is free.

    `name` is the file of events in it, `by` who exports. Without its last piece the file is not valid: its directory
    is missing. Raises as `audit_store.export.export.pieces` does.
    """
    sink, seal = Sink(), Seal()
    with zipfile.ZipFile(cast(BinaryIO, sink), "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as packed:
        with packed.open(_entry(name, fmt), "w", force_zip64=True) as file:
            for piece in pieces(planned, fmt, wait):
                file.write(piece.data)
                seal.add(piece.data, piece.events)
                yield Piece(sink.take(), piece.events)
        manifest = seal.manifest(
            planned.where, file=name, fmt=fmt, store_id=planned.store_id, seqs=planned.seqs, by=by
        )
        packed.writestr(name + SUFFIX, manifest.to_text())
    yield Piece(sink.take(), 0)


def _entry(name: str, fmt: str) -> zipfile.ZipInfo:
    # Deflated in any case: some programs cannot read a stored entry whose length stands behind it.
    entry = zipfile.ZipInfo(name, datetime.now(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = _AS_IT_IS if fmt == "parquet" else _FAST  # type: ignore[attr-defined]  # public in 3.13
    return entry
