"""CSV and Parquet become records: each row is one, and a bad row does not hide the next."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.errors import InvalidFormat
from ingest import formats
from ingest.importing.record_reader import ReadOptions, read
from ingest.importing.sources import frames, parquet_rows, tables
from ingest.importing.sources.frames import blocks
from tests.conftest import examples
from tests.ingest.importing.records import ids, lines_of, take


def test_a_frame_of_a_parquet_file_holds_few_wide_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "wide.parquet"
    texts = [f"{number:04}" * 250 for number in range(95)]
    pq.write_table(pa.table({"agent": texts, "activity": texts}), file)
    monkeypatch.setattr(parquet_rows, "FRAME_BYTES", 20_000)
    chunks = list(read(file, formats.load("parquet"), ReadOptions()))
    assert [chunk.read for chunk in chunks[:-1]] == [9] * 10
    assert [reject.line for chunk in chunks for reject in chunk.rejects] == list(range(1, 96))


def test_csv_that_breaks_off_gives_no_half_row(campaign: bool) -> None:
    texts = [f"{number:x}" * 9 for number in np.random.default_rng(1).integers(1 << 40, size=2000)]
    content = csv_text(HEADER, *(["a", "b", text, ""] for text in texts))
    whole = set(ids(take(content, "csv")[0]))
    for size in range(20_000, 20_028, 2 if campaign else 7):
        cut_off = gzip.compress(content[:size]) + gzip.compress(content[size:])[:-1]
        rows, rejects = take(cut_off, "csv")
        assert len(rows) > 100
        assert set(ids(rows)) < whole
        assert [one.line for one in rejects] == [len(rows) + 2]


def csv_text(*rows: list[str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


HEADER = ["agent", "activity", "description", "room"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_cells(delimiter: str) -> None:
    content = csv_text(
        HEADER, ["a", "b", 'two\nlines, "quoted";\t', ""], ["c", "d", "", "7"], delimiter=delimiter
    )
    (first, second), rejects = take(content, "csv")
    assert rejects == []
    assert (first["agent"], first["description"], first["metadata"]) == ("a", 'two\nlines, "quoted";\t', "{}")
    assert (second["description"], json.loads(second["metadata"])) == ("", {"room": "7"})
    assert lines_of([first, second]) == [2, 4]


BAD_CSV = [
    (b"a,b,c\n", "a row has 4 cells, and this one 3"),
    (b"a,b,c,d,e\n", "a row has 4 cells, and this one 5"),
    (b'"a"x,b,c,d\n', "invalid CSV: a quote is not closed, or there is text after it"),
    (b'a,b,"never closed,d\n', "invalid CSV: a quote is not closed"),
    (b"a,b,\xff,d\n", "UTF-8"),
    (b",b,c,d\n", "agent is missing: "),
]


@pytest.mark.parametrize(("row", "reason"), BAD_CSV)
def test_a_bad_csv_row_is_named_and_the_others_stay(row: bytes, reason: str) -> None:
    good = b'a,b,"two\nlines",d\n'
    rows, (reject,) = take(csv_text(HEADER) + good + b"\n" + row + good + good, "csv")
    assert lines_of(rows) == [2, 6, 8]
    assert (reject.line, reason in reject.reason) == (5, True), reject.reason


@settings(max_examples=examples(60))
@given(
    st.lists(st.lists(st.text(st.sampled_from('a,"\n \té'), max_size=5), min_size=3, max_size=3), max_size=8)
)
def test_csv_is_read_as_python_writes_it(cells: list[list[str]]) -> None:
    content = csv_text(["agent", "activity", "x", "y"], *(["a", *row] for row in cells))
    rows, rejects = take(content, "csv", map={"activity": "agent"})
    expected = [
        {name: cell for name, cell in zip(("activity", "x", "y"), row, strict=True) if cell} for row in cells
    ]
    assert rejects == []
    assert [json.loads(row["metadata"]) for row in rows] == expected


def test_csv_blocks_end_outside_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    content = csv_text(HEADER, *([str(number), "b", "x\n" * number, ""] for number in range(30)))
    whole = ids(take(content, "csv")[0])
    monkeypatch.setattr(frames, "blocks", lambda stream, _: blocks(stream, 64))
    rows, rejects = take(content, "csv")
    assert (ids(rows), rejects, len(set(whole))) == (whole, [], 30)


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (b"agent,agent\n", "'agent' twice"),
        (b"ag\xffent,b\n", "not UTF-8"),
        (b"user,what\n", "the columns are user, what"),
        (",".join(f"c{number}" for number in range(166)).encode(), r"c18, c19, …$"),
    ],
)
def test_a_csv_header_that_will_not_do_is_refused(header: bytes, word: str) -> None:
    with pytest.raises(InvalidFormat, match=word):
        take(header + b"a,b\n", "csv")


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidFormat, match="no column 'who' for target"):
        take(csv_text(HEADER, ["a", "b", "c", "d"]), "csv", map={"target": "who"})


def parquet(table: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(table), file)
    return file.getvalue()


def test_parquet_of_any_type() -> None:
    moment = datetime(2026, 3, 14, 14, 56, 53, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    content = parquet(
        {
            "agent": pa.array([7, 8]),
            "activity": pa.array(["a", "b"]).dictionary_encode(),
            "occurred_at": pa.array([moment, None], pa.timestamp("ns", "Asia/Kolkata")),
            "metadata": pa.array([{"k": 1}, {"k": 2}]),
            "ratio": pa.array([0.5, float("nan")]),
            "tags": pa.array([["x"], []]),
        }
    )
    (first, second), rejects = take(content, "parquet")
    assert rejects == []
    assert (first["agent"], first["activity"], lines_of([first, second])) == ("7", "a", [1, 2])
    assert first["occurred_at"] == moment
    assert second["timed"] is False
    assert json.loads(first["metadata"]) == {"k": 1, "ratio": 0.5, "tags": ["x"]}
    assert json.loads(second["metadata"]) == {"k": 2, "ratio": "NaN", "tags": []}


def test_a_parquet_time_without_zone_needs_one() -> None:
    content = parquet({"agent": ["a"], "activity": ["b"], "occurred_at": [datetime(2026, 3, 14)]})  # noqa: DTZ001
    _, (reject,) = take(content, "parquet")
    assert "name the time zone" in reject.reason
    (row,), _ = take(content, "parquet", timezone="Asia/Kolkata")
    assert row["occurred_at"] == datetime(2026, 3, 13, 18, 30, tzinfo=UTC)


def test_what_is_no_parquet_is_refused() -> None:
    with pytest.raises(
        InvalidFormat, match=r"damaged, cut off or of another format; copy or write it again$"
    ):
        take(b"PAR1 and nothing else", "parquet")


def test_parquet_that_is_damaged_within_names_the_last_row_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_rows, "BATCH_ROWS", 1000)
    table = pa.table({name: [f"{name} {number}" for number in range(2000)] for name in ("agent", "activity")})
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=1000, compression="zstd", use_dictionary=False)
    offset = pq.ParquetFile(file).metadata.row_group(1).column(0).data_page_offset
    content = bytearray(file.getvalue())
    content[offset : offset + 200] = bytes(200)
    with pytest.raises(InvalidFormat, match=r"damaged after row 1,000; copy or write it again$"):
        take(bytes(content), "parquet", now=True)


def test_a_header_that_is_too_long_is_an_error() -> None:
    with pytest.raises(InvalidFormat, match="a cell has more than 131,072 characters; check the first"):
        take(b"agent,activity," + b"x" * 140_000 + b"\na,b,c\n", "csv")


@pytest.mark.parametrize("before", [b"", b"agent,activity\n", b"agent,activity\na,b\n"])
@pytest.mark.parametrize("line", [b"\n", b" \t\n", b"\r\n"])
def test_blank_lines_are_looked_at_once(monkeypatch: pytest.MonkeyPatch, before: bytes, line: bytes) -> None:
    searched: list[int] = []

    def counted(block: bytes) -> Any:
        searched.append(len(block))
        return frames.line_ends(block)

    monkeypatch.setattr(tables, "line_ends", counted)
    blank = line * (4096 // len(line))
    pieces = [before + blank, *[blank] * 200, b"agent,activity\n" if not before else b"c,d\n"]
    rows = sum(len(frame.table) for frame in tables.csv_rows(pieces))
    assert rows == before.count(b"a,b") + bool(before)
    assert sum(searched) <= 2 * sum(map(len, pieces))
