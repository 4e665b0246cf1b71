"""Files become bulk segments of the spool, and those become rows: the import command."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from audit_store.engines.duckdb.connection import Connection
from audit_store.engines.duckdb.schema import ROW_GROUP
from audit_store.engines.duckdb.store import scratch
from audit_store.engines.protocol import FoldCounts
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, InvalidFormat
from audit_store.store_files import events_in
from ingest import formats
from ingest.fold import fold
from ingest.formats import Format
from ingest.importing.prefetch import ahead
from ingest.importing.record_reader import Chunk, ReadOptions, read
from ingest.rejects import Rejected, rejects_path, write_rejects
from ingest.spool import writer
from ingest.spool.segment_reader import BYTES

FOLD_WAIT = 60.0
SEGMENT_ROWS = ROW_GROUP
SEGMENT_BYTES = 64 << 20
# Columns in which the same values stand again and again: written once each, they are read twice as fast.
_REPEATED = ["agent", "activity", "outcome", "source_ip", "target", "source"]
STDIN = "-"


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import did, in events; `waiting` are safe in the spool, but somebody else keeps the file."""

    read: int = 0
    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    rejected: int = 0
    waiting: int = 0

    def words(self) -> str:
        """The line an import ends with."""
        text = (
            f"read {self.read}, stored {self.stored}, duplicate {self.duplicates}, "
            f"conflict {self.conflicts}, rejected {self.rejected}"
        )
        return text + (f", waiting {self.waiting}" if self.waiting else "")

    def as_dict(self) -> dict[str, int]:
        """The same for a program."""
        return {
            "read": self.read,
            "stored": self.stored,
            "duplicate": self.duplicates,
            "conflict": self.conflicts,
            "rejected": self.rejected,
            "waiting": self.waiting,
        }


def import_files(options: argparse.Namespace) -> ImportCounts:
    """Import every file named in `options.files`; rejects are listed in `options.rejects`.

    With `options.strict` one reject means that nothing is stored. Raises InvalidFormat, or OSError for a file
    that cannot be read, before anything is stored; what cannot be folded now is counted as waiting.
    """
    sources = [_open(name, options.format) for name in options.files]
    run = _Import(options.store)
    try:
        _read_all(run, sources, _read_options(options))
    except BaseException:
        run.discard()
        raise
    if run.rejects:
        path = options.rejects or rejects_path(options.store)
        write_rejects(path, run.rejects)
        print(
            f"{len(run.rejects)} rejected, listed in {path}; the first: {_first(run.rejects[0])}",
            file=sys.stderr,
        )
    if options.strict and run.rejects:
        run.discard()
        return ImportCounts(read=run.read, rejected=len(run.rejects))
    return run.store()


def _read_all(run: "_Import", sources: "list[_Source]", options: ReadOptions) -> None:
    with scratch() as connection, _progress(sum(source.size for source in sources), "B", "read") as bar:
        for rows in ahead(_segments(_noted(run, sources, options, connection, bar))):
            run.write(rows)


def _noted(
    run: "_Import",
    sources: "list[_Source]",
    options: ReadOptions,
    connection: Connection,
    bar: "tqdm[NoReturn]",
) -> Iterator[pa.Table]:
    """The rows of all sources, after the run and the bar have taken note of them."""
    before = 0
    for source in sources:
        try:
            with closing(read(source.content, source.format, options, connection)) as chunks:
                for chunk in chunks:
                    run.note(source.name, chunk)
                    bar.update(before + chunk.bytes_done - bar.n)
                    yield chunk.rows
        except InvalidFormat as error:
            raise InvalidFormat(f"{source.name}: {error}") from error
        before = int(bar.n)


def _segments(parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in pieces of a segment's size."""
    gathered: list[pa.Table] = []
    for part in parts:
        rows = pa.concat_tables([*gathered, part])
        while rows.num_rows >= SEGMENT_ROWS or rows.nbytes >= SEGMENT_BYTES:
            yield rows.slice(0, SEGMENT_ROWS)
            rows = rows.slice(SEGMENT_ROWS)
        gathered = [rows]
    yield from gathered


def _in_time(rows: pa.Table) -> pa.Table:
    """The rows by time, and as they stood in the file where that is the same."""
    times = rows["occurred_at"]
    if pc.all(pc.greater_equal(times[1:], times[:-1])).as_py() is not False:
        return rows
    return rows.sort_by([("occurred_at", "ascending"), ("line", "ascending")])


class _Import:
    """Rows on their way into the spool, put in time order and written as bulk segments."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._parts: list[Path] = []
        self.read = 0
        self.rejects: list[Rejected] = []

    def note(self, name: str, chunk: Chunk) -> None:
        """Count what a chunk of the file `name` holds, and keep its rejects."""
        self.read += chunk.read
        self.rejects += [Rejected(name, one.line, one.reason, one.raw) for one in chunk.rejects]

    def write(self, rows: pa.Table) -> None:
        """Make a segment that is not in the spool yet."""
        if not rows.num_rows:
            return
        table = _in_time(rows).replace_schema_metadata({BYTES: str(rows.nbytes)})
        # A segment lives for seconds: quick to write and read beats small.
        part = writer.write_part(
            self._store,
            f"-{rows.num_rows}.parquet",
            lambda file: pq.write_table(
                table,
                file,
                compression="lz4",
                use_dictionary=_REPEATED,  # type: ignore[arg-type]  # its stub knows bool alone
                write_statistics=False,
            ),
        )
        self._parts.append(part)

    def discard(self) -> None:
        """Forget everything; nothing of it was in the spool."""
        for part in self._parts:
            part.unlink()

    def store(self) -> ImportCounts:
        """Hand everything to the spool at once, fold it, and say what became of it."""
        segments = writer.publish(self._parts)
        bar = _progress(sum(events_in(segment) for segment in segments), "events", "store")
        done = FoldCounts()
        try:
            with bar:
                fold(self._store, wait=FOLD_WAIT, after_batch=lambda report: bar.update(report.events))
            done = self._results(segments) if segments else done
        except AuditStoreError as error:
            print(f"the events are safe in the spool, and wait: {error}", file=sys.stderr)
        counted = done.stored + done.duplicates + done.conflicts
        return ImportCounts(
            read=self.read,
            stored=done.stored,
            duplicates=done.duplicates,
            conflicts=done.conflicts,
            rejected=len(self.rejects),
            waiting=sum(events_in(segment) for segment in segments) - counted,
        )

    def _results(self, segments: list[Path]) -> FoldCounts:
        return open_store(self._store).fold_results([segment.stem for segment in segments])


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    content: Path | BinaryIO
    format: Format
    size: int


def _open(name: str, wanted: str) -> _Source:
    if name == STDIN:
        return _Source(name, sys.stdin.buffer, formats.load("jsonl" if wanted == "auto" else wanted), 0)
    path = Path(name)
    size = path.stat().st_size
    with path.open("rb"):
        pass
    return _Source(name, path, formats.detect(path) if wanted == "auto" else formats.load(wanted), size)


def _read_options(options: argparse.Namespace) -> ReadOptions:
    return ReadOptions(
        keys="content",
        timezone=options.timezone,
        year=options.year,
        source=options.source,
        map=dict(options.map),
    )


def _first(rejected: Rejected) -> str:
    return f"{rejected.file}, line {rejected.line}: {rejected.reason}"


def _progress(total: int, unit: str, what: str) -> "tqdm[NoReturn]":
    """A bar on standard error where that is a terminal."""
    return tqdm(total=total or None, unit=unit, desc=what, unit_scale=True, leave=False, disable=None)
