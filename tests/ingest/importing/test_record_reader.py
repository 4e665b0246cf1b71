"""Any input file becomes rows and rejects: nothing is lost, nothing comes twice, each bad line is named."""

import csv
import gzip
import io
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb.store import Connection, scratch
from audit_store.errors import InvalidEvent, InvalidFormat
from audit_store.event import content_uuid
from ingest import fold, formats
from ingest.importing import bulk_segments, frames, tables
from ingest.importing.byte_source import Content
from ingest.importing.duplicate_counter import ERA, Ordinals
from ingest.importing.frames import blocks
from ingest.importing.mapping import Recipe
from ingest.importing.prefetch import worked
from ingest.importing.record_reader import Chunk, ReadOptions, Reject, read
from ingest.rows import ROW_SCHEMA
from ingest.spool.segment_reader import BYTES
from tests.conftest import examples

GOOD = b'{"agent":"a","activity":"b"}'


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with scratch() as connection:
        yield connection


def take(
    con: Connection, content: bytes | Path, fmt: str = "jsonl", **options: Any
) -> tuple[list[dict[str, Any]], list[Reject]]:
    """All rows and all rejects of some content."""
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    chunks = list(read(source, formats.load(fmt), ReadOptions(**options), con))
    rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
    rejects = [reject for chunk in chunks for reject in chunk.rejects]
    assert sum(chunk.read for chunk in chunks) == len(rows) + len(rejects)
    assert all(chunk.rows.schema == ROW_SCHEMA for chunk in chunks)
    return rows, rejects


def lines_of(found: list[dict[str, Any]] | list[Reject]) -> list[int]:
    return [one["line"] if isinstance(one, dict) else one.line for one in found]


def ids(rows: list[dict[str, Any]]) -> list[UUID]:
    return [row["event_id"] for row in rows]


@pytest.mark.parametrize(
    ("content", "good"),
    [
        (b"", []),
        (b"\n\n", []),
        (GOOD, [1]),
        (GOOD + b"\n", [1]),
        (b"\xef\xbb\xbf" + GOOD + b"\r\n" + GOOD + b"\r\n", [1, 2]),
        (b"\n  \n" + GOOD + b"\n\n" + GOOD, [3, 5]),
    ],
)
def test_line_ends_blank_lines_and_byte_order_marks(con: Connection, content: bytes, good: list[int]) -> None:
    rows, rejects = take(con, content)
    assert (lines_of(rows), rejects) == (good, [])


BAD = [
    (b"nonsense", "it must be a JSON object"),
    (b"[]", "it must be a JSON object"),
    (b'{"agent":"caf\xe9","activity":"b"}', "it must be UTF-8, and byte 14 is 0xe9"),
    (b'{"agent":"' + b"x" * (1 << 20) + b'","activity":"b"}', "at most 1048576 bytes"),
    (b'{"agent":"a","activity":"b","outcome":"no"}', "outcome: 'no' is not allowed"),
    (b'{"agent":"a","agent":"b","activity":"b"}', "each key may stand once"),
    (b'{"agent":"a","activity":"b","n":NaN}', "NaN and Infinity are not valid JSON"),
    (b'{"agent":"a","activity":"b","n":1,"metadata":{"n":1}}', "in the metadata and beside it"),
    (b'{"agent":"a","activity":"b","metadata":"{}}"}', "metadata: "),
    (b'{"activity":"b"}', "agent: None is not allowed: it is required"),
]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_line_is_named_and_the_others_stay(con: Connection, line: bytes, reason: str) -> None:
    rows, (reject,) = take(con, GOOD + b"\n" + line + b"\n" + GOOD)
    assert lines_of(rows) == [1, 3]
    assert reject.line == 2
    assert reason in reject.reason
    assert reject.raw == line.decode(errors="backslashreplace")[: len(reject.raw)]
    assert 0 < len(reject.raw) <= 2010


def test_a_line_that_spans_blocks_and_is_too_long_is_refused() -> None:
    content = b"a\n" + b"x" * (3 << 20) + b"\nb\n"
    found = list(frames.text_lines(blocks(Content(io.BytesIO(content)), 1 << 20)))
    assert [text for frame in found for text in frame.table["raw"].to_pylist()] == ["a\n", "b\n"]
    assert [(one.line, one.reason) for frame in found for one in frame.rejects] == [
        (2, "record: it must have at most 1048576 bytes")
    ]
    assert [line for frame in found for line in frame.table["line"].to_pylist()] == [1, 3]


@settings(max_examples=examples(50))
@given(st.lists(st.sampled_from([b"a", b"bb", b"", b"\xff", b"\r"]), max_size=20), st.integers(1, 9))
def test_blocks_of_any_size_give_the_same_lines(lines: list[bytes], size: int) -> None:
    content = b"\n".join(lines)

    def found(block: int) -> list[tuple[int, str]]:
        parts = list(frames.text_lines(blocks(Content(io.BytesIO(content)), block)))
        good = [pair for part in parts for pair in zip(*part.table.to_pydict().values(), strict=True)]
        return sorted(good + [(one.line, one.reason) for part in parts for one in part.rejects])

    assert found(size) == found(1 << 20)


def test_null_means_not_given(con: Connection) -> None:
    record = dict.fromkeys(("description", "outcome", "source_ip", "event_id", "metadata", "occurred_at"))
    (row,), _ = take(con, json.dumps({"agent": "a", "activity": "b", **record}).encode(), source="here")
    assert (row["description"], row["outcome"], row["source"], row["metadata"]) == ("", None, "here", "{}")
    assert row["timed"] is False
    assert abs(row["occurred_at"] - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("record", "metadata"),
    [
        ({"metadata": {"a": 1}}, '{"a":1}'),
        ({"metadata": '{ "a":  1.0 }'}, '{ "a":  1.0 }'),
        ({"metadata": {"a": {"b": [1, {}]}}}, '{"a":{"b":[1,{}]}}'),
        ({"metadata": {"a": 1}, "b": {"c": None}}, '{"a":1,"b":{"c":null}}'),
        ({"metadata": '{"a": 1}', "b": 2}, '{"a":1,"b":2}'),
        ({"b": "é", "Agent": 1.5}, '{"b":"é","Agent":1.5}'),
    ],
)
def test_unknown_keys_join_the_metadata(con: Connection, record: dict[str, Any], metadata: str) -> None:
    (row,), _ = take(con, json.dumps({"agent": "a", "activity": "b"} | record).encode())
    assert json.loads(row["metadata"]) == json.loads(metadata)
    if "b" not in record:
        assert row["metadata"] == metadata


def test_a_file_read_twice_gives_the_same_keys(con: Connection, tmp_path: Path) -> None:
    content = b"\n".join([GOOD, GOOD, b'{"agent":"a","activity":"b","x":{"y":1}}'] * 3)
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    first, second, third = (ids(take(con, source)[0]) for source in (plain, packed, content))
    assert first == second == third
    assert len(set(first)) == 9
    assert ids(take(con, content + b"\n" + GOOD)[0])[:9] == first
    assert set(ids(take(con, content, source="other")[0])).isdisjoint(first)


def test_identical_records_are_counted_across_chunks(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "same.jsonl"
    file.write_bytes((GOOD + b"\n") * 50)
    whole = ids(take(con, file)[0])
    monkeypatch.setattr(frames, "FRAME_ROWS", 7)
    assert ids(take(con, file)[0]) == ids(take(con, file.read_bytes())[0]) == whole
    assert len(set(whole)) == 50


@pytest.mark.parametrize("rows_a_frame", [4, 1000])
def test_a_key_of_content_is_the_same_whichever_way_it_is_made(
    con: Connection, monkeypatch: pytest.MonkeyPatch, rows_a_frame: int
) -> None:
    other = '{"agent":"é","activity":"b","source":"s","metadata":{"k":"\x7f𝄞","l":[1]}}'.encode()
    lines = [GOOD, b" " + GOOD + b"\t", GOOD + b"\r", other, GOOD[:-1] + b',"event_id":"k"}', b"[]", other]
    content = b"\n".join(lines * 3)
    monkeypatch.setattr(frames, "FRAME_ROWS", rows_a_frame)
    quick, _ = take(con, content, source="s 1")
    monkeypatch.setattr(Recipe, "plain_fields", lambda _: None)
    exact, rejects = take(con, content, source="s 1")
    for name in ("line", "event_id", "keyed", "source"):
        assert [row[name] for row in quick] == [row[name] for row in exact]
    assert (len(rejects), len(set(ids(exact)))) == (3, 16)
    assert ids(exact)[0] == content_uuid("s 1", GOOD.decode())


def test_what_memory_does_not_hold_at_once_is_read_in_parts() -> None:
    record = GOOD[:-1] + b',"metadata":{"a":[' + b",".join([b"1"] * 64) + b"]}}"
    with scratch() as con:
        con.execute("SET memory_limit = '24MB'")
        rows, rejects = take(con, b"\n".join([record] * 6000))
    assert (lines_of(rows), rejects) == (list(range(1, 6001)), [])
    assert len(set(ids(rows))) == 6000


def test_a_frame_of_a_parquet_file_holds_few_wide_rows(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "wide.parquet"
    texts = [f"{number:04}" * 250 for number in range(95)]
    pq.write_table(pa.table({"agent": texts, "activity": texts}), file)
    monkeypatch.setattr(tables, "FRAME_BYTES", 20_000)
    chunks = list(read(file, formats.load("parquet"), ReadOptions(), con))
    assert [chunk.read for chunk in chunks[:-1]] == [9] * 10
    assert [reject.line for chunk in chunks for reject in chunk.rejects] == list(range(1, 96))


def test_work_in_threads_keeps_the_order_and_hands_on_an_error() -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0 if number else 0.05)
        return 60 // (number - 30)

    found = worked(slow_at_first, iter(range(60)), 2)
    assert list(islice(found, 30)) == [60 // (number - 30) for number in range(30)]
    with pytest.raises(ZeroDivisionError):
        next(found)


@given(st.lists(st.integers(0, 25)), st.integers(1, 200))
def test_segments_hold_whole_row_groups(lengths: list[int], most_bytes: int) -> None:
    numbers = iter(range(sum(lengths)))
    parts = [pa.table({"n": pa.array(islice(numbers, length), pa.int64())}) for length in lengths]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_segments, "SEGMENT_ROWS", 10)
        found = list(bulk_segments.in_pieces(iter(parts)))
        assert all(len(rows) == 10 for rows in found[:-1])
        patch.setattr(bulk_segments, "SEGMENT_BYTES", most_bytes)
        small = list(bulk_segments.in_pieces(iter(parts)))
    assert all(len(rows) <= 10 for rows in [*found, *small])
    for pieces in (found, small):
        assert [number for rows in pieces for number in rows["n"].to_pylist()] == list(range(sum(lengths)))


def test_a_fold_takes_as_many_segments_as_its_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = [tmp_path / f"{number}-1000.parquet" for number in range(5)]
    for segment in segments:
        rows = pa.table({"text": ["x" * 1000] * 1000})
        pq.write_table(rows.replace_schema_metadata({BYTES: str(rows.nbytes)}), segment)
        assert segment.stat().st_size < 100_000
    monkeypatch.setattr(fold, "BATCH_BYTES", 2_500_000)
    assert [len(batch) for batch in fold._batches(segments, most_rows=5000)] == [2, 2, 1]
    assert [len(batch) for batch in fold._batches(segments, most_rows=1000)] == [1] * 5


def test_fresh_keys_are_new_each_time(con: Connection) -> None:
    nested = b'{"agent":"a","activity":"b","x":{"y":1}}'
    rows = [row for _ in range(2) for row in take(con, GOOD + b"\n" + nested, keys="fresh")[0]]
    assert len(set(ids(rows))) == 4
    assert not any(row["keyed"] for row in rows)


def keys_of(numbers: list[int]) -> "pa.ChunkedArray[pa.FixedSizeBinaryScalar]":
    keys = pa.array([bytes(16), *(number.to_bytes(16, "big") for number in numbers)], pa.binary(16))
    return pa.chunked_array([keys.slice(1)])


@settings(max_examples=examples(60))
@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=12), max_size=12))
def test_ordinals_count_what_came_before(chunks: list[list[int]]) -> None:
    ordinals, seen = Ordinals(), dict[int, int]()
    for chunk in chunks:
        for number, ordinal in zip(chunk, ordinals.of(keys_of(chunk)), strict=True):
            assert ordinal == seen.get(number, 0)
            seen[number] = seen.get(number, 0) + 1


def test_forgotten_records_get_ordinals_of_a_new_era() -> None:
    ordinals = Ordinals(remembered=3)
    assert [int(ordinals.of(keys_of([number]))[0]) for number in range(5)] == [0, 0, 0, 0, ERA]
    assert int(ordinals.of(keys_of([0]))[0]) == ERA
    assert int(ordinals.of(keys_of([4]))[0]) == ERA + 1


def test_gzip_that_breaks_off_keeps_what_came_before(con: Connection) -> None:
    content = b"".join(
        b'{"agent":"%d","activity":"b"}\n' % number for number in np.random.default_rng(1).permutation(20_000)
    )
    packed = gzip.compress(content)
    rows, [reject] = take(con, packed[: len(packed) // 2])
    assert 1000 < len(rows) < 20_000
    assert "cannot be unpacked further" in reject.reason
    assert reject.line == len(rows) + 1


def test_csv_that_breaks_off_gives_no_half_row(con: Connection) -> None:
    texts = [f"{number:x}" * 9 for number in np.random.default_rng(1).integers(1 << 40, size=2000)]
    packed = gzip.compress(csv_text(HEADER, *(["a", "b", text, ""] for text in texts)))
    whole = set(ids(take(con, gzip.decompress(packed), "csv")[0]))
    for size in range(4000, 4040):
        rows, rejects = take(con, packed[:size], "csv")
        assert len(rows) > 100
        assert set(ids(rows)) < whole
        assert [one.line for one in rejects] == [len(rows) + 2]


def test_progress_is_counted_in_bytes_of_the_file(con: Connection, tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(GOOD * 1))
    *_, last = read(path, formats.load("jsonl"), ReadOptions(), con)
    assert isinstance(last, Chunk)
    assert last.bytes_done == path.stat().st_size


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"map": {"who": "user"}}, "who=user"),
        ({"map": {"agent": "$.a..b"}}, r"\$\.a\.\.b"),
    ],
)
def test_options_that_make_no_sense_are_refused(con: Connection, options: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidFormat, match=word):
        take(con, GOOD, **options)


def test_a_source_that_is_too_long_is_refused(con: Connection) -> None:
    with pytest.raises(InvalidEvent, match="source"):
        take(con, GOOD, source="x" * 129)


@pytest.mark.parametrize(
    "record", [{"at": "2024-10-27T02:30:00"}, {"at": "2024-10-27 02:30:00.5", "deep": {"a": {}}}]
)
def test_a_time_without_offset_needs_a_zone(con: Connection, record: dict[str, Any]) -> None:
    content = json.dumps({"agent": "a", "activity": "b"} | record).encode()
    _, (reject,) = take(con, content, map={"occurred_at": "at"})
    assert "name the time zone" in reject.reason
    (row,), _ = take(con, content, map={"occurred_at": "at"}, timezone="Europe/Berlin")
    assert row["occurred_at"].replace(microsecond=0) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


def test_fields_may_come_from_elsewhere(con: Connection) -> None:
    record = {"user": {"name": "ann"}, "code": 4624, "activity": "x", "id": "k", "event_id": "800"}
    options: dict[str, Any] = {"map": {"agent": "$.user.name", "activity": "code", "event_id": ""}}
    (row,), _ = take(con, json.dumps(record).encode(), **options)
    assert (row["agent"], row["activity"]) == ("ann", "4624")
    assert json.loads(row["metadata"]) == {
        "user": {"name": "ann"},
        "activity": "x",
        "id": "k",
        "event_id": "800",
    }


def test_a_spool_line_that_sql_doubts_keeps_its_id(con: Connection) -> None:
    key = UUID("018f3c5e-9a3b-7c4d-8e5f-0123456789ab")
    record = {"agent": "a", "activity": "b", "fresh_id": str(key), "appended_at": "2026-01-01T00:00:00Z"}
    deep = record | {"metadata": {"a": {"b": 1}}}
    bad = record | {"fresh_id": "7"}
    content = "\n".join(map(json.dumps, (record, deep, bad))).encode()
    rows, (reject,) = take(con, content, "spool", keys="fresh")
    assert [(row["event_id"], row["keyed"], row["timed"]) for row in rows] == [(key, False, False)] * 2
    assert {row["occurred_at"] for row in rows} == {datetime(2026, 1, 1, tzinfo=UTC)}
    assert reject.reason.startswith("fresh_id: '7'")


def test_records_of_an_array(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (
        b"\xef\xbb\xbf ["
        + GOOD
        + b",\n"
        + GOOD.replace(b'"a"', b'"\xff"')
        + b', 5, {"agent":"]"}, '
        + GOOD
        + b"] "
    )
    rows, rejects = take(con, content, "json")
    assert (lines_of(rows), lines_of(rejects)) == ([1, 5], [2, 3, 4])
    monkeypatch.setattr(frames, "RECORD_BYTES", 50)
    again, rejected = take(con, content, "json")
    assert (ids(again), rejected) == (ids(rows), rejects)


def test_a_broken_array_keeps_what_came_before(con: Connection) -> None:
    rows, (reject,) = take(con, b"[" + GOOD + b"," + GOOD[:-3], "json")
    assert (lines_of(rows), reject.line) == ([1], 2)
    assert "hides the rest of the file" in reject.reason
    with pytest.raises(InvalidFormat, match=r"no array at \$\.Records"):
        take(con, b'{"records":[]}', "cloudtrail")
    assert take(con, b'{"Records":[]}', "cloudtrail") == ([], [])


def csv_text(*rows: list[str], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode()


HEADER = ["agent", "activity", "description", "room"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_cells(con: Connection, delimiter: str) -> None:
    content = csv_text(
        HEADER, ["a", "b", 'two\nlines, "quoted";\t', ""], ["c", "d", "", "7"], delimiter=delimiter
    )
    (first, second), rejects = take(con, content, "csv")
    assert rejects == []
    assert (first["agent"], first["description"], first["metadata"]) == ("a", 'two\nlines, "quoted";\t', "{}")
    assert (second["description"], json.loads(second["metadata"])) == ("", {"room": "7"})
    assert lines_of([first, second]) == [2, 4]


BAD_CSV = [
    (b"a,b,c\n", "the header has 4 columns, and the row 3"),
    (b"a,b,c,d,e\n", "the header has 4 columns, and the row 5"),
    (b'"a"x,b,c,d\n', "cannot be read"),
    (b'a,b,"never closed,d\n', "cannot be read"),
    (b"a,b,\xff,d\n", "UTF-8"),
    (b",b,c,d\n", "agent: None is not allowed"),
]


@pytest.mark.parametrize(("row", "reason"), BAD_CSV)
def test_a_bad_csv_row_is_named_and_the_others_stay(con: Connection, row: bytes, reason: str) -> None:
    good = b'a,b,"two\nlines",d\n'
    rows, (reject,) = take(con, csv_text(HEADER) + good + b"\n" + row + good + good, "csv")
    assert lines_of(rows) == [2, 6, 8]
    assert (reject.line, reason in reject.reason) == (5, True), reject.reason


@settings(max_examples=examples(60))
@given(
    st.lists(st.lists(st.text(st.sampled_from('a,"\n \té'), max_size=5), min_size=3, max_size=3), max_size=8)
)
def test_csv_is_read_as_python_writes_it(con: Connection, cells: list[list[str]]) -> None:
    content = csv_text(["agent", "activity", "x", "y"], *(["a", *row] for row in cells))
    rows, rejects = take(con, content, "csv", map={"activity": "agent"})
    expected = [
        {name: cell for name, cell in zip(("activity", "x", "y"), row, strict=True) if cell} for row in cells
    ]
    assert rejects == []
    assert [json.loads(row["metadata"]) for row in rows] == expected


def test_csv_blocks_end_outside_quotes(con: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    content = csv_text(HEADER, *([str(number), "b", "x\n" * number, ""] for number in range(30)))
    whole = ids(take(con, content, "csv")[0])
    monkeypatch.setattr(frames, "blocks", lambda stream, _: blocks(stream, 64))
    rows, rejects = take(con, content, "csv")
    assert (ids(rows), rejects, len(set(whole))) == (whole, [], 30)


@pytest.mark.parametrize(
    ("header", "word"),
    [
        (b"agent,agent\n", "'agent' twice"),
        (b"ag\xffent,b\n", "not UTF-8"),
        (b"user,what\n", "the columns are user, what"),
    ],
)
def test_a_csv_header_that_will_not_do_is_refused(con: Connection, header: bytes, word: str) -> None:
    with pytest.raises(InvalidFormat, match=word):
        take(con, header + b"a,b\n", "csv")


def test_a_column_that_is_not_there_is_refused(con: Connection) -> None:
    with pytest.raises(InvalidFormat, match="no column 'who' for target"):
        take(con, csv_text(HEADER, ["a", "b", "c", "d"]), "csv", map={"target": "who"})


def parquet(table: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(table), file)
    return file.getvalue()


def test_parquet_of_any_type(con: Connection) -> None:
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
    (first, second), rejects = take(con, content, "parquet")
    assert rejects == []
    assert (first["agent"], first["activity"], lines_of([first, second])) == ("7", "a", [1, 2])
    assert first["occurred_at"] == moment
    assert second["timed"] is False
    assert json.loads(first["metadata"]) == {"k": 1, "ratio": 0.5, "tags": ["x"]}
    assert json.loads(second["metadata"]) == {"k": 2, "tags": []}


def test_a_parquet_time_without_zone_needs_one(con: Connection) -> None:
    content = parquet({"agent": ["a"], "activity": ["b"], "occurred_at": [datetime(2026, 3, 14)]})  # noqa: DTZ001
    _, (reject,) = take(con, content, "parquet")
    assert "name the time zone" in reject.reason
    (row,), _ = take(con, content, "parquet", timezone="Asia/Kolkata")
    assert row["occurred_at"] == datetime(2026, 3, 13, 18, 30, tzinfo=UTC)


def test_what_is_no_parquet_is_refused(con: Connection) -> None:
    with pytest.raises(InvalidFormat, match="cannot be read"):
        take(con, b"PAR1 and nothing else", "parquet")


def test_a_pipe_can_be_read(con: Connection) -> None:
    incoming, outgoing = os.pipe()
    with os.fdopen(outgoing, "wb") as writer:
        writer.write(gzip.compress(GOOD))
    with os.fdopen(incoming, "rb") as pipe:
        (chunk,) = [each for each in read(pipe, formats.load("jsonl"), ReadOptions(), con) if each.read]
    assert chunk.rows.num_rows == 1


DATA = Path(os.environ.get("AUDIT_TEST_DATA", ""))


@pytest.mark.skipif("AUDIT_TEST_DATA" not in os.environ, reason="AUDIT_TEST_DATA names no folder")
def test_naturally_broken_lines(con: Connection, tmp_path: Path) -> None:
    index = [line.split("\t") for line in (DATA / "malformed" / "index.tsv").read_text().splitlines()]
    bad = {int(line): why for line, why, *_ in index if why != "good-context"}
    declaration = tmp_path / "mixed.toml"
    declaration.write_text(
        """
        kind = "jsonl"
        [fields]
        agent = ["Hostname", "computer_name", "Computer", "DeviceName", "$.host.name", "TenantId"]
        activity = ["EventID", "event_id", "ActionType", "Type"]
        occurred_at = ["@timestamp", "TimeGenerated"]
        """
    )
    found = {True: "not-utf8", False: "not-one-json-object-per-line"}
    rows, rejects = take(
        con, DATA / "malformed" / "malformed_lines.jsonl.bin", str(declaration), timezone="UTC"
    )
    assert {reject.line: found["UTF-8" in reject.reason] for reject in rejects} == bad
    assert len(rows) == 257
