"""The rows of an import become segments of a size that a fold takes well."""

import io
import json
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import fold, formats
from ingest.importing.record_reader import ReadOptions, read
from ingest.rows import ROW_SCHEMA
from ingest.spool import bulk_segments
from ingest.spool.bulk_segments import BulkSegments, in_pieces


@given(st.lists(st.integers(0, 25)), st.integers(1, 200))
def test_segments_hold_whole_row_groups(lengths: list[int], most_bytes: int) -> None:
    numbers = iter(range(sum(lengths)))
    parts = [pa.table({"n": pa.array(islice(numbers, length), pa.int64())}) for length in lengths]
    pieces = list(in_pieces(parts, 10))
    assert all(len(rows) == 10 for rows in pieces[:-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk_segments, "SEGMENT_BYTES", most_bytes)
        small = list(in_pieces(parts, 10))
    for tables in (pieces, small):
        assert all(len(rows) <= 10 for rows in tables)
        assert [number for rows in tables for number in rows["n"].to_pylist()] == list(range(sum(lengths)))


def rows_of(*times: str) -> pa.Table:
    """A row for each time, with a description that compresses well."""
    events = [
        {"agent": "a", "activity": "b", "description": "x" * 1000, "occurred_at": time} for time in times
    ]
    content = io.BytesIO("\n".join(map(json.dumps, events)).encode())
    return pa.concat_tables(
        chunk.rows for chunk in read(content, formats.load("jsonl"), ReadOptions(keys="fresh"))
    )


def test_a_segment_is_in_the_order_of_time(path: Path) -> None:
    segments = BulkSegments(path)
    segments.write(rows_of("2026-03-14T09:00:02Z", "2026-03-14T09:00:01Z", "2026-03-14T09:00:02Z"))
    segments.write(ROW_SCHEMA.empty_table())
    [segment] = segments.publish()
    assert pa.parquet.read_table(segment)["line"].to_pylist() == [2, 1, 3]


def test_a_fold_takes_as_many_segments_as_its_memory_holds(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of(*["2026-03-14T09:00:00Z"] * 1000)
    monkeypatch.setattr(fold, "BATCH_BYTES", 5 * rows.nbytes // 2)
    segments = BulkSegments(path)
    for _ in range(5):
        segments.write(rows_of(*["2026-03-14T09:00:00Z"] * 1000))
    assert all(segment.stat().st_size < rows.nbytes / 10 for segment in segments.publish())
    batches: list[int] = []
    fold.fold(path, after_batch=lambda counts: batches.append(counts.segments))
    assert batches == [2, 2, 1]


def test_a_fold_takes_as_many_rows_as_the_engine_likes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = BulkSegments(path)
    for _ in range(5):
        segments.write(rows_of("2026-03-14T09:00:00Z", "2026-03-14T09:00:00Z"))
    segments.publish()
    monkeypatch.setattr(fold, "BATCH_ROW_GROUPS", 4 / segments.most_rows)
    batches: list[int] = []
    fold.fold(path, after_batch=lambda counts: batches.append(counts.segments))
    assert batches == [2, 2, 1]
