"""Segments are staged by who wrote them: own lines all at once, foreign files with every check."""

import gzip
import json
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from audit_store.store_files import spool_dir
from ingest import append, append_many
from ingest.fold import fold
from ingest.importing import record_reader
from ingest.spool import segment_reader
from ingest.spool.folder import publish, ready_segments, write_part
from ingest.spool.segment_lines import has_checksums
from ingest.spool.segment_names import batch_ending, is_ready, unique_name

KEY = "0198c5a4-6d5e-7c3b-8f00-1234567890ab"
LOGIN: dict[str, Any] = {"agent": "ada", "activity": "Login"}
TOO_LONG = json.dumps({"agent": "a" * 257, "activity": "Login"})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.mark.parametrize(
    ("name", "checked", "ready"),
    [
        (f"{KEY}-12-crc.ndjson", True, True),
        (f"{KEY}-12-3-0123abcd-batch.ndjson", True, True),
        (f"{KEY}-12.ndjson", False, True),
        (f"{KEY}-12-batch.ndjson", False, True),
        (f"{KEY}-12-3-batch.ndjson", False, False),
        (f"{KEY}-12-7.parquet", False, True),
        (f"{KEY}-from-nightly.ndjson", False, True),
        (f"{KEY}-events.ndjson", False, False),
        (f"{KEY}-12.open", False, False),
        (f"{KEY}-12-crc.open", False, False),
        ("12.ndjson", False, False),
        ("nightly-batch.ndjson", False, False),
    ],
)
def test_a_name_says_who_wrote_a_segment(name: str, checked: bool, ready: bool) -> None:
    assert (has_checksums(Path(name)), is_ready(name)) == (checked, ready)
    renamed = unique_name(name)
    assert (has_checksums(Path(renamed)), is_ready(renamed)) == (False, renamed.endswith(".ndjson"))


def test_appended_events_are_not_parsed_one_by_one(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(**LOGIN, store=store, fold=False)
    append_many([LOGIN, LOGIN | {"event_id": "order 66"}], store=store, fold=False)
    monkeypatch.setattr(segment_reader, "read", None)
    staged = segment_reader.stage(ready_segments(store))
    assert (staged.rows.num_rows, staged.rejected) == (3, {})
    assert sorted(staged.rows["line"].to_pylist()) == [1, 1, 2]


def test_a_file_of_another_program_is_checked(store: Path) -> None:
    spool_dir(store).mkdir()
    (spool_dir(store) / "nightly.ndjson").write_text(f"{json.dumps(LOGIN)}\n{TOO_LONG}\n")
    [segment] = ready_segments(store)
    staged = segment_reader.stage([segment])
    assert staged.rows["agent"].to_pylist() == ["ada"]
    [reject] = staged.rejected[segment.stem]
    assert (reject.line, reject.reason.startswith("agent: ")) == (2, True)


def test_a_segment_of_another_form_alone_is_read_the_checked_way(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_many([LOGIN] * 3, store=store, fold=False)
    text = (
        json.dumps(LOGIN).replace('"Login"', '"Login').encode()
        + b"\n"
        + json.dumps(LOGIN).encode() * 2
        + b"\n\n"
    )
    publish([write_part(store, batch_ending(3, crc32(text)), lambda file: file.write(text))])
    whole, damaged = ready_segments(store)
    lines_checked: list[int] = []

    def counting_read(source: Any, *arguments: Any, **options: Any) -> Any:
        lines_checked.append(source.getvalue().count(b"\n"))
        return record_reader.read(source, *arguments, **options)

    monkeypatch.setattr(segment_reader, "read", counting_read)
    staged = segment_reader.stage([whole, damaged])
    assert lines_checked == [1 + 3]  # and the empty one at the beginning
    assert set(staged.rows["segment"].to_pylist()) == {whole.stem}
    assert [reject.line for reject in staged.rejected[damaged.stem]] == [1, 2]


@pytest.mark.parametrize(
    "damage", [b"{}\n", b'{"agent":"torn', b'{"agent":5,"activity":"Login"}\n', b"\0\0\n", b"[]\n"]
)
def test_a_damaged_line_is_a_reject_with_its_line_and_stops_nothing(store: Path, damage: bytes) -> None:
    append(**LOGIN, store=store, fold=False)
    [segment] = ready_segments(store)
    segment.write_bytes(segment.read_bytes().rstrip(b"\0") + damage + b"\0")
    append_many([LOGIN], store=store, fold=False)
    report = fold(store)
    assert (report.stored, report.rejected) == (2, 1)
    [listed] = map(json.loads, store.with_name("audit.duckdb.rejects.jsonl").read_text().splitlines())
    assert (listed["file"], listed["line"]) == (segment.name, 2)
    assert listed["reason"]


def test_a_conflict_is_listed_with_the_line_of_its_own_segment(store: Path) -> None:
    append_many([LOGIN] * 5, store=store, fold=False)
    append_many([LOGIN, LOGIN | {"event_id": "k"}], store=store, fold=False)
    append_many([LOGIN | {"event_id": "k", "agent": "eve"}], store=store, fold=False)
    assert fold(store).conflicts == 1
    [listed] = map(json.loads, store.with_name("audit.duckdb.rejects.jsonl").read_text().splitlines())
    assert listed["line"] == 1


def test_a_large_file_of_another_program_is_read_piece_by_piece(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool_dir(store).mkdir()
    text = (
        "\ufeff" + f"{json.dumps(LOGIN)}\n" * 50 + f"\n{TOO_LONG}\n" + json.dumps(LOGIN | {"agent": "last"})
    )
    (spool_dir(store) / "nightly.ndjson").write_text(text, encoding="utf-8")
    [segment] = ready_segments(store)
    monkeypatch.setattr(segment_reader, "LARGE", 1000)
    monkeypatch.setattr(segment_reader, "lines_of", None)
    staged = segment_reader.stage([segment])
    assert staged.rows["line"].to_pylist() == [*range(1, 51), 53]
    assert staged.rows["agent"].to_pylist()[-1] == "last"
    assert set(staged.rows["segment"].to_pylist()) == {segment.stem}
    assert [(reject.file, reject.line) for reject in staged.rejected[segment.stem]] == [(segment.name, 52)]
    assert list(staged.statuses) == [segment.stem]


@pytest.mark.parametrize("large", [1, 1 << 20])
def test_a_compressed_file_is_refused_with_what_to_do(
    store: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(segment_reader, "LARGE", large)
    spool_dir(store).mkdir()
    (spool_dir(store) / "a.ndjson").write_bytes(gzip.compress(json.dumps(LOGIN).encode() + b"\n"))
    (spool_dir(store) / "b.ndjson").write_text(json.dumps(LOGIN) + "\n")
    report = fold(store)
    assert (report.stored, report.rejected) == (1, 1)
    [listed] = map(json.loads, store.with_name("audit.duckdb.rejects.jsonl").read_text().splitlines())
    assert listed["reason"].startswith("file: it is compressed; unpack it")
