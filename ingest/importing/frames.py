"""The bytes of a file → frames: tables of records with their line numbers, a few megabytes each."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from audit_store.errors import InvalidFormat
from ingest.importing import arrow_columns

# glibc keeps blocks of this size for the next ones, and gives larger ones back to the system each time.
BLOCK_BYTES = 4 << 20
RECORD_BYTES = 1 << 20
FRAME_BYTES = 36 << 20
FRAME_ROWS = 250_000
RAW_SHOWN = 2000
_PIECE = 1 << 18
_LINE_END = 10
_SPACE = 32
_BETWEEN = re.compile(r"[\s,]*")
_HALF = re.compile("[\ud800-\udfff]")


class Readable(Protocol):
    """What bytes come from; `damage` says at the end why there were no more, if something is wrong."""

    @property
    def damage(self) -> str: ...

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        ...


class Reject(NamedTuple):
    """A record that cannot be stored: its line or record number (from 1), why, and its text, shortened."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Some records: a table with `line` and, for text, `raw`, else c0, c1, … named by `names`.

    `rejects` are those that did not get that far; both together are what was read.
    """

    table: pa.Table
    rejects: list[Reject] = field(default_factory=list)
    names: tuple[str, ...] = ()


def shown(raw: bytes | str) -> str:
    """A record for people: text, shortened, with bytes that are no UTF-8 as escapes."""
    data = raw[:RAW_SHOWN].encode(errors="surrogateescape") if isinstance(raw, str) else raw
    return data[:RAW_SHOWN].decode(errors="backslashreplace")


def blocks(stream: Readable, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The stream in pieces that end with a line end; without a UTF-8 byte order mark.

    Of a line that does not end within a megabyte only the beginning is kept: it is refused later.
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
    # Where unpacking broke off, the last line is only a part of one.
    if rest and not stream.damage:
        yield rest + b"\n"


def line_ends(block: bytes) -> npt.NDArray[np.int64]:
    """Where the line ends of a block are."""
    data = np.frombuffer(block, np.uint8)
    # In pieces that fit the cache of a processor.
    pieces = [
        np.flatnonzero(data[start : start + _PIECE] == _LINE_END) + start
        for start in range(0, max(len(data), 1), _PIECE)
    ]
    return np.concatenate(pieces)


def text_lines(source: Iterable[bytes]) -> Iterator[Frame]:
    """Every line that is not blank is a record; `raw` still has its line end."""
    parts: list[pa.Table] = []
    rejects: list[Reject] = []
    size = lines = 0
    for table, refused in _block_lines(source):
        size += table.nbytes
        lines += len(table) + len(refused)
        # Each frame costs a statement, so a few blocks share one.
        if parts and (size > FRAME_BYTES or lines > FRAME_ROWS):
            yield Frame(pa.concat_tables(parts), rejects)
            parts, rejects = [], []
            size, lines = table.nbytes, len(table) + len(refused)
        parts.append(table)
        rejects.extend(refused)
    if parts:
        yield Frame(pa.concat_tables(parts), rejects)


def _block_lines(source: Iterable[bytes]) -> Iterator[tuple[pa.Table, list[Reject]]]:
    """Line and raw of each block, at most FRAME_ROWS at a time, and what it holds that is no text."""
    first = 1
    for block in source:
        ends = line_ends(block)
        # The block itself is the text buffer of the column: only the places of its lines are made.
        starts = np.zeros(len(ends) + 1, np.int32)
        starts[1:] = ends + 1
        lines = arrow_columns.integers(np.arange(first, first + len(ends)))
        table = pa.table({"line": lines, "raw": arrow_columns.pieces(block, starts)})
        rejects = _broken_lines(block, starts, first)
        passed = [reject.line for reject in rejects] + _blank_lines(block, starts, first)
        if passed:
            table = table.filter(pc.invert(pc.is_in(table["line"], pa.array(passed, pa.int64()))))
        first += len(ends)
        for start in range(0, max(len(table), 1), FRAME_ROWS):
            yield table.slice(start, FRAME_ROWS), rejects if start == 0 else []


def _blank_lines(block: bytes, starts: npt.NDArray[Any], first: int) -> list[int]:
    # A look at the first bytes spares nearly every line the rest.
    begin_white = np.frombuffer(block, np.uint8)[starts[:-1]] <= _SPACE
    places = np.flatnonzero(begin_white)
    return [first + int(place) for place in places if block[starts[place] : starts[place + 1]].isspace()]


def _broken_lines(block: bytes, starts: npt.NDArray[Any], first: int) -> list[Reject]:
    """The lines that are no UTF-8 or too long."""
    rejects = []
    suspects = np.flatnonzero(np.diff(starts) > RECORD_BYTES + 1)
    # One look at the whole block, and line by line only where that fails.
    if not _is_utf8(block):
        suspects = np.arange(len(starts) - 1)
    for place in suspects:
        line = block[starts[place] : starts[place + 1]].rstrip(b"\r\n")
        if len(line) > RECORD_BYTES:
            rejects.append(Reject(first + int(place), _too_long(), shown(line)))
        elif problem := _encoding_problem(line):
            rejects.append(Reject(first + int(place), problem, shown(line)))
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


def _too_long() -> str:
    return f"record: it must have at most {RECORD_BYTES} bytes"


def json_records(stream: Readable, path: str) -> Iterator[Frame]:
    """Every element of the array at `path` ($ or $.name) is a record, numbered from 1.

    What cannot be read hides all that follows: the rest of the file is one reject. Raises InvalidFormat where
    no such array begins within the first megabyte.
    """
    name = path.removeprefix("$").removeprefix(".")
    opening = re.compile(rf'"{re.escape(name)}"\s*:\s*\[' if name else r"\s*\[")
    texts = iter(lambda: stream.read(RECORD_BYTES), b"")
    # Bytes that are no UTF-8 travel as half surrogates, so that only their own record is refused.
    decoded = codecs.iterdecode(texts, "utf-8-sig", errors="surrogateescape")
    number = 0
    for records, hidden in _elements(decoded, opening, path):
        rejects = []
        good = []
        for record in records:
            number += 1
            if record.isascii() or not _HALF.search(record):
                good.append((number, record))
            else:
                rejects.append(Reject(number, "record: it must be UTF-8", shown(record)))
        if hidden:
            reason = "record: it is no JSON or too long, and hides the rest of the file"
            rejects.append(Reject(number + 1, reason, shown(hidden)))
        lines = pa.array([place for place, _ in good], pa.int64())
        raws = pa.array([record for _, record in good], pa.string())
        yield Frame(pa.table({"line": lines, "raw": raws}), rejects)


def _elements(texts: Iterable[str], opening: re.Pattern[str], path: str) -> Iterator[tuple[list[str], str]]:
    """The texts of the elements, as many as each piece completes, and at the end what could not be read."""
    decode = json.JSONDecoder().raw_decode
    waiting, open_yet = "", False
    for text in texts:
        waiting += text
        if not open_yet:
            found = opening.search(waiting) if path != "$" else opening.match(waiting)
            if not found:
                break
            waiting, open_yet = waiting[found.end() :], True
        records: list[str] = []
        place = _skip(waiting, 0)
        while place < len(waiting) and waiting[place] != "]":
            try:
                end = decode(waiting, place)[1]
            except (ValueError, RecursionError):
                # Perhaps only cut off: the next piece of text will tell.
                break
            records.append(waiting[place:end])
            place = _skip(waiting, end)
        yield records, ""
        waiting = waiting[place:]
        if waiting.startswith("]"):
            return
        if len(waiting) > RECORD_BYTES:
            break
    if not open_yet:
        raise InvalidFormat(f"there is no array at {path} in this file")
    if waiting:
        yield [], waiting


def _skip(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place
