"""Bytes become frames of lines and of elements of an array."""

import io
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.errors import InvalidFormat
from ingest.importing.sources import frames
from ingest.importing.sources.byte_source import Content
from ingest.importing.sources.frames import blocks
from tests.conftest import examples
from tests.ingest.importing.records import GOOD, ids, lines_of, take


def test_a_line_that_spans_blocks_and_is_too_long_is_refused() -> None:
    content = b"a\n" + b"x" * (3 << 20) + b"\nb\n"
    found = list(frames.text_lines(blocks(Content(io.BytesIO(content)), 1 << 20)))
    assert [text for frame in found for text in frame.table["raw"].to_pylist()] == ["a\n", "b\n"]
    assert [(one.line, one.reason) for frame in found for one in frame.rejects] == [
        (2, "record: it must have at most 1048576 bytes")
    ]
    assert [line for frame in found for line in frame.table["line"].to_pylist()] == [1, 3]


@settings(max_examples=examples(50))
@given(
    st.lists(st.sampled_from([b"a", b"bb", b"", b"\xff", b"\r", b"\tc", b"\t"]), max_size=20),
    st.integers(1, 9),
    st.sampled_from([b"", b"\t"]),
)
def test_blocks_of_any_size_give_the_same_lines(lines: list[bytes], size: int, continuation: bytes) -> None:
    content = b"\n".join(lines)

    def found(block: int) -> list[tuple[int, str]]:
        source = blocks(Content(io.BytesIO(content)), block)
        parts = list(frames.text_lines(source, continuation))
        good = [pair for part in parts for pair in zip(*part.table.to_pydict().values(), strict=True)]
        return sorted(good + [(one.line, one.reason) for part in parts for one in part.rejects])

    assert found(size) == found(1 << 20)


def test_a_line_that_begins_like_a_further_line_continues_the_record_before() -> None:
    content = b"\tx\n\ty\n\na\n\tb\n\t\n\tc\nd\n"
    for size in (1, 5, 100):
        parts = list(frames.text_lines(blocks(Content(io.BytesIO(content)), size), b"\t"))
        assert [pair for part in parts for pair in zip(*part.table.to_pydict().values(), strict=True)] == [
            (1, "\tx\n\ty\n"),
            (4, "a\n\tb\n\t\n\tc\n"),
            (8, "d\n"),
        ]


def test_further_lines_without_end_are_rejected_in_little_memory() -> None:
    content = b"a\n" + b"\tb\n" * (1 << 20) + b"c\n"
    parts = list(frames.text_lines(blocks(Content(io.BytesIO(content)), 1 << 20), b"\t"))
    assert [line for part in parts for line in part.table["line"].to_pylist()] == [(1 << 20) + 2]
    assert {reject.reason for part in parts for reject in part.rejects} == {f"record: {frames.TOO_LONG}"}


def test_records_of_an_array(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (
        b"\xef\xbb\xbf ["
        + GOOD
        + b",\n"
        + GOOD.replace(b'"a"', b'"\xff"')
        + b', 5, {"agent":"]"}, '
        + GOOD
        + b"] "
    )
    rows, rejects = take(content, "json")
    assert (lines_of(rows), lines_of(rejects)) == ([1, 5], [2, 3, 4])
    monkeypatch.setattr(frames, "RECORD_BYTES", 50)
    again, rejected = take(content, "json")
    assert (ids(again), rejected) == (ids(rows), rejects)


def test_a_broken_array_keeps_what_came_before(tmp_path: Path) -> None:
    rows, (reject,) = take(b"[" + GOOD + b"," + GOOD[:-3], "json")
    assert (lines_of(rows), reject.line) == ([1], 2)
    assert "the rest of the file was skipped" in reject.reason
    declared = tmp_path / "enveloped.toml"
    declared.write_text('kind = "json-records"\nrecords = "$.Records"\n')
    with pytest.raises(InvalidFormat, match=r"no array at \$\.Records"):
        take(b'{"records":[]}', str(declared))
    assert take(b'{"Records":[]}', str(declared)) == ([], [])


@pytest.mark.parametrize("name", ["jsonl", "csv", "json"])
def test_blank_lines_cost_next_to_nothing_and_are_counted(name: str) -> None:
    blank = b"\n \t\r\n" * 500_000
    header, row = b"agent,activity\n", b"a,b\n"
    beginning, record = (header, row) if name == "csv" else (b"", b'{"agent":"a","activity":"b"}\n')
    before = time.process_time()
    rows, rejects = take(blank + beginning + blank + record + blank + record, name)
    assert time.process_time() - before < 1.5
    first = 2 * blank.count(b"\n") + beginning.count(b"\n") + 1
    lines = [1, 2] if name == "json" else [first, first + blank.count(b"\n") + 1]
    assert ([row["line"] for row in rows], rejects) == (lines, [])


def test_blank_lines_between_records_are_skipped_and_counted() -> None:
    lines = [b"", b" ", b"\t\r", b"\x0b\x0c", GOOD, b" \x00", b"  " + GOOD, b"\x1f", GOOD]
    rows, rejects = take(b"\n".join(lines))
    assert [row["line"] for row in rows] == [5, 7, 9]
    assert [reject.line for reject in rejects] == [6, 8]


def test_a_frame_of_wide_records_is_smaller() -> None:
    for width, most in ((300, frames.FRAME_BYTES), (2_000, frames.WIDE_FRAME_BYTES)):
        line = b"x" * width + b"\n"
        sizes = [frame.table.nbytes for frame in frames.text_lines([line * (3_000_000 // len(line))] * 40)]
        assert most // 2 < max(sizes) <= most
