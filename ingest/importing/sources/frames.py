"""The bytes of a file → frames: tables of records with their line numbers, a few megabytes each."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.importing import arrow_columns

# glibc keeps blocks of this size for the next ones, and gives larger ones back to the system each time.
BLOCK_BYTES = 4 << 20
RECORD_BYTES = 1 << 20
FRAME_BYTES = 36 << 20
WIDE_RECORD_BYTES = 1024
# A statement takes many times the memory of wide records, which are mostly nested.
WIDE_FRAME_BYTES = 12 << 20
FRAME_ROWS = 250_000
RAW_SHOWN = 2000
_PIECE = 1 << 18
_LINE_END = 10
_SPACE = 32
_IS_SPACE = np.array([bytes([byte]).isspace() for byte in range(256)])
TOO_LONG = f"it must have at most {RECORD_BYTES} bytes"
"""Why a record is rejected that has more."""


class Readable(Protocol):
    """A source of bytes; at the end `damage` says why there are no more, if something is wrong."""

    @property
    def damage(self) -> str: ...

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        ...


class Reject(NamedTuple):
    """A record that cannot be stored: its line or record number (from 1), the reason, and its text, shortened."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Some records: a table with `line` and, for text, `raw`; for columns, c0, c1, …, whose names are `names`.

    `rejects` are the records that could not be put into the table; both together are what was read.
    """

    table: pa.Table
    rejects: list[Reject] = field(default_factory=list)
    names: tuple[str, ...] = ()


def shown(raw: bytes | str) -> str:
    """A record for people: shortened, bytes that are not UTF-8 as escapes."""
    data = raw[:RAW_SHOWN].encode(errors="surrogateescape") if isinstance(raw, str) else raw
    return data[:RAW_SHOWN].decode(errors="backslashreplace")


def blocks(stream: Readable, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The stream in pieces that end with a line end, without a UTF-8 byte order mark.

    Only the beginning is kept of a line that does not end within a megabyte: it is refused later.
    """
    rest = b""
    first = True
    while block := stream.read(size):
        if first:
            block, first = block.removeprefix(codecs.BOM_UTF8), False
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(block)[:end]))
            rest = block[end:]
        else:
            # Two bytes more than allowed, so that it is still too long without its line end.
            rest = (rest + block)[: RECORD_BYTES + 2]
    # Where decompression stopped, the last line is incomplete.
    if rest and not stream.damage:
        yield rest + b"\n"


def line_ends(block: bytes) -> npt.NDArray[np.int64]:
    """The positions of the line ends of a block."""
    return positions(block, _LINE_END)


def positions(block: bytes, byte: int) -> npt.NDArray[np.int64]:
    """The positions of a byte in a block."""
    data = np.frombuffer(block, np.uint8)
    # In pieces that fit into the cache of a processor.
    pieces = [
        np.flatnonzero(data[start : start + _PIECE] == byte) + start
        for start in range(0, max(len(data), 1), _PIECE)
    ]
    return np.concatenate(pieces)


def text_lines(source: Iterable[bytes], continuation: bytes = b"") -> Iterator[Frame]:
    """Every line that is not blank is a record; `raw` has its line end.

    A line that begins with a byte of `continuation` is a part of the record before it, if there is one. `source` gives
    the text in pieces that end with a line end.
    """
    source = _whole_records(source, continuation) if continuation else source
    tables: list[pa.Table] = []
    rejects: list[Reject] = []
    size = lines = 0
    for table, block_rejects in _block_lines(source, continuation):
        size += table.nbytes
        lines += len(table) + len(block_rejects)
        # Each frame costs a statement, so a few blocks share one.
        most = FRAME_BYTES if size < lines * WIDE_RECORD_BYTES else WIDE_FRAME_BYTES
        if tables and (size > most or lines > FRAME_ROWS):
            yield Frame(pa.concat_tables(tables), rejects)
            tables, rejects = [], []
            size, lines = table.nbytes, len(table) + len(block_rejects)
        tables.append(table)
        rejects.extend(block_rejects)
    if tables:
        yield Frame(pa.concat_tables(tables), rejects)


def _whole_records(source: Iterable[bytes], continuation: bytes) -> Iterator[bytes]:
    """The text in pieces that end before a line that begins a record, unless that record is too long."""
    rest = b""
    for block in source:
        data = rest + block
        starts = _record_starts(data, continuation)[0]
        end = len(data) if len(data) - starts[-2] > RECORD_BYTES else int(starts[-2])
        if end:
            yield data[:end]
        rest = data[end:]
    if rest:
        yield rest


def _record_starts(block: bytes, continuation: bytes) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Where the records of a block begin and the last one ends, and the lines of the block (from 0) they begin on."""
    ends = line_ends(block)
    starts = np.zeros(len(ends) + 1, np.int32)
    starts[1:] = ends + 1
    if not continuation:
        return starts, np.arange(len(ends))
    first_bytes = np.frombuffer(block, np.uint8)[starts[:-1]]
    is_record = ~np.isin(first_bytes, list(continuation))
    is_record[:1] = True
    return starts[np.append(is_record, True)], np.flatnonzero(is_record)


def _block_lines(source: Iterable[bytes], continuation: bytes) -> Iterator[tuple[pa.Table, list[Reject]]]:
    """The records of each block, at most FRAME_ROWS at a time, and those that are not text."""
    first = 1
    for block in source:
        if block.isspace():
            first += block.count(b"\n")
            continue
        starts, lines = _record_starts(block, continuation)
        lines += first
        first += block.count(b"\n") if continuation else len(lines)
        # The block itself is the buffer of the column: only the offsets of its records are new.
        table = pa.table({"line": arrow_columns.integers(lines), "raw": arrow_columns.pieces(block, starts)})
        rejects = _rejected_lines(block, starts, lines)
        bad = np.array([reject.line for reject in rejects], np.int64)
        skipped = np.concatenate([bad, lines[blank_lines(block, starts)]])
        if len(skipped):
            table = table.filter(pc.invert(pc.is_in(table["line"], arrow_columns.integers(skipped))))
        for start in range(0, max(len(table), 1), FRAME_ROWS):
            yield table.slice(start, FRAME_ROWS), rejects if start == 0 else []


def blank_lines(block: bytes, starts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Which of the lines that begin at `starts` hold white space alone; the last one ends at its last value."""
    # The first byte of a line is enough to rule out nearly all of them.
    data = np.frombuffer(block, np.uint8)
    candidates = np.flatnonzero(data[starts[:-1]] <= _SPACE)
    if not len(candidates):
        return candidates
    marks = np.append(np.flatnonzero(~_IS_SPACE[data]), len(block))
    following = marks[np.searchsorted(marks, starts[candidates])]
    return candidates[following >= starts[candidates + 1]]


def _rejected_lines(block: bytes, starts: npt.NDArray[Any], lines: npt.NDArray[np.int64]) -> list[Reject]:
    """The records that are not UTF-8 or too long."""
    rejects = []
    candidates = np.flatnonzero(np.diff(starts) > RECORD_BYTES + 1)
    # The whole block at once, and line by line only where that fails.
    if not _is_utf8(block):
        candidates = np.arange(len(starts) - 1)
    for index in candidates:
        line = block[starts[index] : starts[index + 1]].rstrip(b"\r\n")
        problem = f"record: {TOO_LONG}" if len(line) > RECORD_BYTES else _encoding_problem(line)
        if problem:
            rejects.append(Reject(int(lines[index]), problem, shown(line)))
    return rejects


def _is_utf8(block: bytes) -> bool:
    try:
        arrow_columns.pieces(block, np.array([0, len(block)], np.int32)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _encoding_problem(line: bytes) -> str | None:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"record: it must be UTF-8, and byte {error.start + 1} is {line[error.start]:#04x}"
    return None
