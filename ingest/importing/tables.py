"""Files that hold columns → frames: CSV and Parquet."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from audit_store.errors import InvalidFormat
from ingest.importing.arrow_columns import integers
from ingest.importing.frames import FRAME_BYTES, RECORD_BYTES, Frame, Reject, line_ends, shown

BATCH_ROWS = 100_000
_QUOTE = 34
_DELIMITERS = ",;\t"


def csv_rows(source: Iterable[bytes]) -> Iterator[Frame]:
    """Every row under the header is a record, numbered by the line it begins on; blank lines are skipped.

    An empty cell is "not given". A row that cannot be read does not hide the next. Raises InvalidFormat for a
    header that names a column twice or is no UTF-8.
    """
    names: tuple[str, ...] = ()
    delimiter, before, rest = ",", 0, b""
    ahead = iter(source)
    block = next(ahead, b"")
    while rest or block:
        following = next(ahead, b"")
        data = rest + block
        if not names:
            names, delimiter, end = _header(data)
            before, data = data.count(b"\n", 0, end), data[end:]
        frame, used = _frame(data, names, delimiter, before, last=not following)
        yield frame
        before += data.count(b"\n", 0, used)
        rest, block = data[used:], following


def _row_ends(data: bytes) -> npt.NDArray[np.int64]:
    # A doubled quote opens and closes at once, so counting quotes is enough.
    inside = np.bitwise_xor.accumulate(np.frombuffer(data, np.uint8) == _QUOTE)
    ends = line_ends(data)
    return ends[~inside[ends]]


def _header(block: bytes) -> tuple[tuple[str, ...], str, int]:
    ends = map(int, _row_ends(block))
    end = next((end for end in ends if block[: end + 1].strip()), len(block) - 1) + 1
    try:
        text = block[:end].decode().strip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidFormat(f"the header of this CSV is not UTF-8: {error}") from error
    delimiter = max(_DELIMITERS, key=text.count)
    row = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    names = tuple(name.strip() or f"column {place}" for place, name in enumerate(row, start=1))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidFormat(f"the header of this CSV names {twice!r} twice; rename one of the columns")
    return names, delimiter, end


def _frame(
    data: bytes, names: tuple[str, ...], delimiter: str, before: int, *, last: bool
) -> tuple[Frame, int]:
    """The rows of the data, and how many bytes they take: what follows may need the next block."""
    row_ends = _row_ends(data)
    end = len(data) if last else int(row_ends[-1]) + 1 if len(row_ends) else 0
    # Arrow and this file must agree on the number of rows, else quotes stand where they should not.
    columns = _clean_columns(data[:end], len(names), delimiter)
    if columns is None or columns.num_rows != len(row_ends):
        return _exact_frame(data, names, delimiter, before, last=last)
    lines = np.ones(len(row_ends), np.int64)
    lines[1:] = np.searchsorted(line_ends(data), row_ends[:-1]) + 2
    return Frame(columns.add_column(0, "line", integers(lines + before)), names=names), end


def _clean_columns(content: bytes, width: int, delimiter: str) -> pa.Table | None:
    """The cells, when every row is as it should be; else None."""
    labels = [f"c{place}" for place in range(width)]
    try:
        return arrow_csv.read_csv(
            io.BytesIO(content),
            arrow_csv.ReadOptions(column_names=labels, block_size=len(content) + 1, use_threads=False),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(labels, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _exact_frame(
    data: bytes, names: tuple[str, ...], delimiter: str, before: int, *, last: bool
) -> tuple[Frame, int]:
    """The same row by row, with the rows that are wrong told apart from the others."""
    pieces = io.BytesIO(data).readlines()
    # Bytes that are no UTF-8 become half surrogates, which `_next_row` looks for.
    lines = [piece.decode(errors="surrogateescape") for piece in pieces]
    rows: list[list[Any]] = []
    rejects = []
    start = 0
    while start < len(lines):
        taken, reason, cells = _next_row(lines, start, len(names), delimiter)
        if (
            reason
            and not last
            and taken == len(lines) - start
            and len(b"".join(pieces[start:])) < RECORD_BYTES
        ):
            break
        if reason:
            # Only this line is given up: a quote that is never closed must not swallow the rows after it.
            rejects.append(
                Reject(before + start + 1, f"record: {reason}", shown(lines[start].rstrip("\r\n")))
            )
            start += 1
            continue
        if cells:
            rows.append([before + start + 1, *(cell or None for cell in cells)])
        start += taken
    columns = {
        f"c{place}": pa.array([row[place + 1] for row in rows], pa.string()) for place in range(len(names))
    }
    table = pa.table(columns).add_column(0, "line", pa.array([row[0] for row in rows], pa.int64()))
    return Frame(table, rejects, names), sum(map(len, pieces[:start]))


def _next_row(lines: list[str], start: int, width: int, delimiter: str) -> tuple[int, str, list[str]]:
    """How many lines the next row takes, what is wrong with it, and its cells (none: a blank line)."""
    if not lines[start].strip():
        return 1, "", []
    reader = csv.reader(
        (lines[place] for place in range(start, len(lines))), delimiter=delimiter, strict=True
    )
    try:
        cells = next(reader)
        "".join(cells).encode()
    except csv.Error as error:
        return reader.line_num, f"the row cannot be read ({error})", []
    except UnicodeEncodeError:
        return reader.line_num, "it must be UTF-8", []
    if len(cells) != width:
        return reader.line_num, f"the header has {width} columns, and the row {len(cells)}", []
    return reader.line_num, "", cells


def _batch_rows(metadata: pq.FileMetaData) -> int:
    """As many rows as a frame may have bytes, by the mean of the file."""
    groups = (metadata.row_group(place) for place in range(metadata.num_row_groups))
    size = sum(group.total_byte_size for group in groups)
    return min(BATCH_ROWS, max(1, FRAME_BYTES * metadata.num_rows // max(1, size)))


def parquet_rows(file: Path | BinaryIO) -> Iterator[Frame]:
    """Every row is a record, numbered from 1; raises InvalidFormat for a file that is no Parquet."""
    try:
        content = pq.ParquetFile(file)
        names = tuple(content.schema_arrow.names)
        before = 0
        for batch in content.iter_batches(batch_size=_batch_rows(content.metadata)):
            lines = integers(np.arange(before + 1, before + 1 + batch.num_rows))
            before += batch.num_rows
            labels = [f"c{place}" for place in range(batch.num_columns)]
            columns = pa.Table.from_batches([batch]).rename_columns(labels)
            yield Frame(columns.add_column(0, "line", lines), names=names)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise InvalidFormat(f"this Parquet file cannot be read: {error}") from error
