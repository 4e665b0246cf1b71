"""CSV files → frames."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from audit_store.errors import InvalidFormat
from audit_store.export.formulas import FORMULA
from ingest.formats import samples
from ingest.importing.arrow_columns import integers
from ingest.importing.sources.frames import (
    RECORD_BYTES,
    Frame,
    Reject,
    blank_lines,
    line_ends,
    positions,
    shown,
)

_QUOTE = 34
Positions = npt.NDArray[np.int64]
_DELIMITERS = ",;\t"
_NEUTRAL = f"^'({FORMULA})"


def exported_rows(source: Iterable[bytes]) -> Iterator[Frame]:
    """The same as `csv_rows` for an export of a store, whose cells have an apostrophe before what reads as a formula.

    A quoted empty cell is an empty text.
    """
    for frame in csv_rows(source, empty_texts=True):
        cells = [
            pc.replace_substring_regex(frame.table[name], _NEUTRAL, r"\1")
            for name in frame.table.column_names[1:]
        ]
        table = pa.table([frame.table["line"], *cells], names=frame.table.column_names)
        yield replace(frame, table=table)


def csv_rows(
    source: Iterable[bytes], columns: Sequence[str] = (), *, empty_texts: bool = False
) -> Iterator[Frame]:
    """Every row under the header is a record, numbered by the line it begins on; blank lines are skipped.

    With `columns`, there is no header, and the first of them have these names. An empty cell is "not given"; with
    `empty_texts`, a quoted one is an empty text. `source` gives the text in pieces that end with a line end. Raises
    InvalidFormat for a header that names a column twice or is not UTF-8.
    """
    names: tuple[str, ...] = ()
    delimiter, lines_before, rest = ",", 0, b""
    blocks = iter(source)
    block = next(blocks, b"")
    while rest or block:
        following = next(blocks, b"")
        data = rest + block
        if data.isspace() and following:
            lines_before, rest, block = lines_before + data.count(b"\n"), b"", following
            continue
        if not names and columns:
            names = samples.named_columns(data, columns)
        elif not names:
            names, delimiter, end = _header(data)
            lines_before, data = lines_before + data.count(b"\n", 0, end), data[end:]
        dialect = _Dialect(delimiter, empty_texts)
        frame, used = _frame(data, names, dialect, lines_before, is_last=not following)
        yield frame
        lines_before += data.count(b"\n", 0, used)
        rest, block = data[used:], following


class _Dialect(NamedTuple):
    """What is between cells, and whether a quoted empty one is an empty text."""

    delimiter: str
    empty_texts: bool


def _row_ends(ends: Positions, quotes: Positions) -> Positions:
    """Those of the line ends that are not within quotes."""
    # A doubled quote closes and opens at once, so counting quotes is enough.
    return ends[np.searchsorted(quotes, ends) % 2 == 0] if len(quotes) else ends


def _header(block: bytes) -> tuple[tuple[str, ...], str, int]:
    """The names of the columns, the delimiter, and how many bytes the header takes."""
    ends = _row_ends(line_ends(block), positions(block, _QUOTE))
    first = len(block) - len(block.lstrip())
    following = ends[np.searchsorted(ends, first) :]
    end = (int(following[0]) if len(following) else len(block) - 1) + 1
    text_bytes = block[block.rfind(b"\n", 0, first) + 1 : end]
    try:
        text = text_bytes.decode().strip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidFormat(
            f"the header of this CSV is not UTF-8: byte {error.start + 1} is {text_bytes[error.start]:#04x}; save the "
            "file as UTF-8"
        ) from error
    delimiter = max(_DELIMITERS, key=text.count)
    try:
        row = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    except csv.Error as error:
        raise InvalidFormat(
            f"the header of this CSV cannot be read: {_csv_problem(error)}; check the first line"
        ) from error
    names = tuple(name.strip() or f"column {number}" for number, name in enumerate(row, start=1))
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise InvalidFormat(f"the header of this CSV names {repeated!r} twice; rename one of the columns")
    return names, delimiter, end


def _has_text_after_a_cell(data: bytes, quotes: Positions, delimiter: str) -> bool:
    """Whether something stands between a quote that closes a cell and the next delimiter, which Arrow accepts."""
    content = np.frombuffer(data, np.uint8)
    after = content[np.minimum(quotes[1::2] + 1, len(content) - 1)]
    return not np.isin(np.arange(256), list(f'"\r\n{delimiter}'.encode()))[after].all()


def _frame(
    data: bytes, names: tuple[str, ...], dialect: "_Dialect", lines_before: int, *, is_last: bool
) -> tuple[Frame, int]:
    """The rows of the data, and how many bytes they take: what follows may need the next block."""
    ends, quotes = line_ends(data), positions(data, _QUOTE)
    row_ends = _row_ends(ends, quotes)
    end = len(data) if is_last else int(row_ends[-1]) + 1 if len(row_ends) else 0
    quotes = quotes[: np.searchsorted(quotes, end)]
    starts = np.append(0, row_ends + 1)
    is_kept = np.ones(len(row_ends), bool)
    is_kept[blank_lines(data, starts)] = False
    content = data[:end] if is_kept.all() else _rows(data, starts, is_kept) + data[starts[-1] : end]
    # If Arrow and this file do not count the same rows, there are quotes where there should be none.
    columns = _columns(content, len(names), dialect)
    is_valid = columns is not None and columns.num_rows == is_kept.sum()
    if columns is None or not is_valid or _has_text_after_a_cell(data, quotes, dialect.delimiter):
        return _frame_by_row(data, names, dialect.delimiter, lines_before, is_last=is_last)
    lines = np.arange(1, len(row_ends) + 1)
    if len(ends) > len(row_ends):
        lines[1:] = np.searchsorted(ends, row_ends[:-1]) + 2
    return Frame(columns.add_column(0, "line", integers(lines[is_kept] + lines_before)), names=names), end


def _rows(data: bytes, starts: Positions, is_kept: npt.NDArray[np.bool_]) -> bytes:
    """Those of the rows that begin at `starts`, whose last value is where the last one ends."""
    return np.frombuffer(data, np.uint8)[: starts[-1]][np.repeat(is_kept, np.diff(starts))].tobytes()


def _columns(content: bytes, width: int, dialect: "_Dialect") -> pa.Table | None:
    """The cells, or None if a row is not valid."""
    labels = [f"c{index}" for index in range(width)]
    try:
        return arrow_csv.read_csv(
            io.BytesIO(content),
            arrow_csv.ReadOptions(column_names=labels, block_size=len(content) + 1, use_threads=False),
            arrow_csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(labels, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=not dialect.empty_texts,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _frame_by_row(
    data: bytes, names: tuple[str, ...], delimiter: str, lines_before: int, *, is_last: bool
) -> tuple[Frame, int]:
    """The same as `_frame`, row by row: a row that is not valid does not hide the next."""
    raw_lines = io.BytesIO(data).readlines()
    # Bytes that are not UTF-8 become lone surrogates, which `_next_row` looks for.
    lines = [line.decode(errors="surrogateescape") for line in raw_lines]
    numbers: list[int] = []
    rows: list[list[str]] = []
    rejects = []
    start = 0
    while start < len(lines):
        row = _next_row(lines, start, len(names), delimiter)
        left = len(lines) - start
        if row.problem and not is_last and row.lines == left and _size(raw_lines[start:]) < RECORD_BYTES:
            break  # the next block may complete it
        if row.problem:
            # Only this line is skipped: a quote that is never closed must not hide the rows after it.
            text = lines[start].rstrip("\r\n")
            rejects.append(Reject(lines_before + start + 1, f"record: {row.problem}", shown(text)))
            start += 1
            continue
        if row.cells:
            numbers.append(lines_before + start + 1)
            rows.append(row.cells)
        start += row.lines
    cells = {
        f"c{index}": pa.array([row[index] or None for row in rows], pa.string())
        for index in range(len(names))
    }
    table = pa.table({"line": pa.array(numbers, pa.int64()), **cells})
    return Frame(table, rejects, names), _size(raw_lines[:start])


class _Row(NamedTuple):
    """How many lines a row takes, what is wrong with it, and its cells (none for a blank line)."""

    lines: int
    problem: str
    cells: list[str]


def _next_row(lines: list[str], start: int, width: int, delimiter: str) -> _Row:
    if not lines[start].strip():
        return _Row(1, "", [])
    following = (lines[index] for index in range(start, len(lines)))
    reader = csv.reader(following, delimiter=delimiter, strict=True)
    try:
        cells = next(reader)
        "".join(cells).encode()
    except csv.Error as error:
        return _Row(reader.line_num, f"invalid CSV: {_csv_problem(error)}", [])
    except UnicodeEncodeError:
        return _Row(reader.line_num, "it must be UTF-8", [])
    if len(cells) != width:
        return _Row(reader.line_num, f"a row has {width} cells, and this one {len(cells)}", [])
    return _Row(reader.line_num, "", cells)


def _csv_problem(error: csv.Error) -> str:
    """What is wrong with a row, for the words of Python's csv."""
    text = str(error)
    if "unexpected end of data" in text:
        return "a quote is opened and never closed"
    if "expected after" in text:
        return "a quote is not closed, or there is text after it"
    if "field limit" in text:
        return f"a cell has more than {csv.field_size_limit():,} characters"
    return text


def _size(lines: list[bytes]) -> int:
    return sum(map(len, lines))
