"""The rows of an import become segments of a size that a fold takes well."""

import io
import json
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_store.engines.protocol import Query
from audit_store.engines.registry import open_store
from ingest import append, fold, formats
from ingest.importing.record_reader import ReadOptions, read
from ingest.rejects import rejects_path
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


def test_many_and_long_values_and_segments_of_text_are_folded_as_they_came(path: Path) -> None:
    # Parquet gives up a dictionary that grows beyond a megabyte.
    agents = [f"{number:07}" * 30 for number in range(6000)]
    outcomes = [None, "success", "failure"]
    events = [
        {"agent": agent, "activity": "Login", "outcome": outcomes[number % 3], "event_id": f"{number}"}
        for number, agent in enumerate(agents)
    ]
    content = io.BytesIO("\n".join(map(json.dumps, events)).encode())
    rows = pa.concat_tables(
        chunk.rows for chunk in read(content, formats.load("jsonl"), ReadOptions(keys="fresh", now=True))
    )
    segments = BulkSegments(path)
    for piece in (rows.slice(0, 5000), rows.slice(5000), rows.slice(10, 3)):
        segments.write(piece)
    segments.publish()
    append(agent="ünal", activity="Login", target="room", store=path, fold=False)
    counts = fold.fold(path)
    assert (counts.stored, counts.duplicates, counts.conflicts, counts.rejected) == (6001, 3, 0, 0)
    with open_store(path).read() as reader:
        stored = reader.arrow(Query("SELECT agent, outcome, target FROM events ORDER BY agent")).to_pylist()
    assert [tuple(row.values()) for row in stored] == [
        *((event["agent"], event["outcome"], None) for event in events),
        ("ünal", None, "room"),
    ]


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("agent", "", "agent"),
        ("agent", "a" * 257, "agent"),
        ("activity", "ü" * 129, "activity"),
        ("outcome", "maybe", "outcome"),
        ("target", "t" * 513, "target"),
        ("source", "s" * 129, "source"),
    ],
)
def test_a_row_of_a_segment_that_is_no_event_is_rejected_alone(
    path: Path, field: str, value: str, reason: str
) -> None:
    rows = rows_of(*["2026-03-14T09:00:00Z"] * 4)
    values = rows[field].to_pylist()
    values[2] = value
    index = ROW_SCHEMA.get_field_index(field)
    segments = BulkSegments(path)
    segments.write(rows.set_column(index, ROW_SCHEMA.field(index), pa.array(values, pa.string())))
    segments.publish()
    counts = fold.fold(path)
    assert (counts.stored, counts.rejected) == (3, 1)
    [reject] = rejects_path(path).read_text().splitlines()
    assert json.loads(reject)["reason"].startswith(reason)
