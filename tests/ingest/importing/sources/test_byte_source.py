"""Content is read once and whole, wherever it comes from and however it is packed or encoded."""

import codecs
import gzip
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_store.errors import InvalidFormat
from ingest import formats
from ingest.importer import import_files
from ingest.importing.sources.byte_source import HEAD_BYTES, Content
from tests.conftest import in_campaign
from tests.ingest.importing.records import take

LINES = 5000
ROW = b'{"agent":"a","activity":"b","occurred_at":"2026-03-14T09:26:53Z","description":"%d"}\n'
JSON_LINES = b"".join(ROW % number for number in range(LINES))
CSV = "agent,occurred_at,activity\n" + "".join(
    f"ünal {number},2026-03-14T09:26:53Z,Login\n" for number in range(LINES)
)


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Makes a named pipe into which a thread writes some content."""
    writers = []

    def make(content: bytes) -> Path:
        path = tmp_path / "fifo"
        os.mkfifo(path)
        writers.append(threading.Thread(target=path.write_bytes, args=(content,)))
        writers[-1].start()
        return path

    yield make
    for writer in writers:
        writer.join(10)
        assert not writer.is_alive()


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_pipe_is_imported_whole_and_its_format_is_detected(
    tmp_path: Path, fifo: Callable[[bytes], Path], pack: Callable[[bytes], bytes]
) -> None:
    report = import_files(tmp_path / "audit.duckdb", [str(fifo(pack(JSON_LINES)))])
    assert (report.read, report.stored) == (LINES, LINES)


def test_the_format_of_standard_input_is_detected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CSV.encode())))
    report = import_files(tmp_path / "audit.duckdb", ["-"])
    assert (report.read, report.stored) == (LINES, LINES)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("pack", [bytes, *in_campaign(gzip.compress)])
def test_text_is_decoded_by_its_byte_order_mark(
    tmp_path: Path, encoding: str, pack: Callable[[bytes], bytes]
) -> None:
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    path = tmp_path / "log.csv"
    path.write_bytes(pack(mark + CSV.encode(encoding)))
    rows, rejects = take(path, "csv")
    assert ([row["agent"] for row in rows], rejects) == ([f"ünal {number}" for number in range(LINES)], [])
    with closing(Content(path)) as content:
        assert formats.detect(content.head, "unnamed").name == "csv"


def test_text_that_breaks_off_within_a_character_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(CSV.encode("utf-16")[:-1])
    rows, [reject] = take(path, "csv")
    assert len(rows) == LINES - 1
    assert "UTF-16" in reject.reason


@pytest.mark.parametrize("size", [2, 5, 9, 15, 100])
def test_a_gzip_file_that_breaks_off_is_reported_however_short(size: int) -> None:
    rows, [reject] = take(gzip.compress(JSON_LINES)[:size], "jsonl")
    assert rows == []
    assert "its gzip data is damaged: it ends within a member" in reject.reason


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(end: str) -> None:
    for fmt, text in (("csv", CSV), ("jsonl", JSON_LINES.decode())):
        rows, rejects = take(text.replace("\n", end).encode(), fmt)
        assert ([row["line"] for row in rows][-1] - (fmt == "csv"), rejects) == (LINES, [])


def test_a_line_end_within_a_cell_is_not_one_of_the_file() -> None:
    rows, rejects = take(b'agent,activity,description\na,b,"two\rlines"\n', "csv")
    assert ([row["description"] for row in rows], rejects) == (["two\rlines"], [])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_parquet_is_read_from_a_pipe_and_packed(
    fifo: Callable[[bytes], Path], pack: Callable[[bytes], bytes]
) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"agent": ["a"] * LINES, "activity": ["b\r"] * LINES}), file)
    rows, rejects = take(fifo(pack(file.getvalue())), "parquet")
    assert (len(rows), {row["activity"] for row in rows}, rejects) == (LINES, {"b\r"}, [])


@given(st.binary(max_size=300), st.integers(1, 100), st.booleans())
def test_every_byte_is_read_once(content: bytes, size: int, packed: bool) -> None:
    repeated = b"x\n" + content * (1 + HEAD_BYTES // 200)
    with closing(Content(io.BytesIO(gzip.compress(repeated) if packed else repeated))) as stream:
        assert repeated.startswith(stream.head)
        assert len(stream.head) == min(HEAD_BYTES, len(repeated))
        pieces = b"".join(iter(lambda: stream.read(1000 * size), b""))
        assert (pieces, stream.damage) == (repeated, "")


def members(*contents: bytes) -> bytes:
    return b"".join(gzip.compress(content) for content in contents)


def with_flipped_bit(packed: bytes, position: int) -> bytes:
    return packed[:position] + bytes([packed[position] ^ 8]) + packed[position + 1 :]


FIRST, SECOND, THIRD = (
    b"".join(ROW % number for number in range(start, start + 300)) for start in (0, 300, 600)
)
SECOND_STARTS, THIRD_STARTS = len(members(FIRST)), len(members(FIRST, SECOND))


@pytest.mark.parametrize(
    "packed",
    [
        with_flipped_bit(members(FIRST, SECOND, THIRD), SECOND_STARTS + 400),
        with_flipped_bit(members(FIRST, SECOND, THIRD), THIRD_STARTS - 6),
        members(FIRST, SECOND)[:-1],
        *in_campaign(
            with_flipped_bit(members(FIRST, SECOND, THIRD), SECOND_STARTS + 1),
            members(FIRST, SECOND)[: SECOND_STARTS + 1],
            members(FIRST) + b"no member",
        ),
    ],
    ids=["data", "checksum", "cut off", "magic", "only begun", "other bytes"],
)
def test_of_a_damaged_gzip_file_only_complete_members_are_stored(
    tmp_path: Path, fifo: Callable[[bytes], Path], packed: bytes
) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(packed)
    for number, source in enumerate((path, fifo(packed))):
        report = import_files(tmp_path / f"{number}.duckdb", [str(source)])
        assert (report.read, report.stored, report.rejected) == (301, 300, 1)
        assert "line 301: file: its gzip data is damaged" in report.notes[0]


@pytest.mark.parametrize("position", range(100, 900, 97))
def test_no_event_comes_from_a_gzip_member_with_a_wrong_checksum(position: int) -> None:
    rows, [reject] = take(with_flipped_bit(members(FIRST), position), "jsonl")
    assert (rows, reject.line) == ([], 1)


@pytest.mark.parametrize("end", [b"", bytes(1), bytes(512)])
def test_zeros_may_pad_a_gzip_file(end: bytes) -> None:
    rows, rejects = take(members(FIRST, b"", SECOND) + end, "jsonl")
    assert (len(rows), rejects) == (600, [])


def test_a_damaged_gzip_file_of_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet.gz"
    file = io.BytesIO()
    pq.write_table(pa.table({"agent": ["a"] * LINES, "activity": ["b"] * LINES}), file)
    path.write_bytes(gzip.compress(file.getvalue())[:-1])
    with pytest.raises(InvalidFormat, match="gzip data is damaged"):
        take(path, "parquet")
