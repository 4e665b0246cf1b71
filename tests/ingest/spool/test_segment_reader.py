"""Segments are staged by who wrote them: own lines as they are, foreign files with every check."""

import json
from pathlib import Path
from typing import Any

import pytest

from audit_store.store_files import spool_dir
from ingest import append, append_many
from ingest.fold import fold
from ingest.importing import record_reader
from ingest.spool import segment_reader
from ingest.spool.folder import ready_segments
from ingest.spool.segment_names import is_own, is_ready, unique_name

KEY = "0198c5a4-6d5e-7c3b-8f00-1234567890ab"
LOGIN: dict[str, Any] = {"agent": "ada", "activity": "Login"}
TOO_LONG = json.dumps({"agent": "a" * 257, "activity": "Login"})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.mark.parametrize(
    ("name", "own", "ready"),
    [
        (f"{KEY}-12.ndjson", True, True),
        (f"{KEY}-12-batch.ndjson", True, True),
        (f"{KEY}-12-7.parquet", False, True),
        (f"{KEY}-from-nightly.ndjson", False, True),
        (f"{KEY}-events.ndjson", False, False),
        (f"{KEY}-12.open", False, False),
        ("12.ndjson", False, False),
        ("nightly-batch.ndjson", False, False),
    ],
)
def test_a_name_says_who_wrote_a_segment(name: str, own: bool, ready: bool) -> None:
    assert (is_own(name), is_ready(name)) == (own, ready)
    renamed = unique_name(name)
    assert (is_own(renamed), is_ready(renamed)) == (False, renamed.endswith(".ndjson"))


def test_appended_events_are_not_checked_again(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_damaged_segment_alone_is_read_the_checked_way(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        append_many([LOGIN] * 3, store=store, fold=False)
    damaged, whole = ready_segments(store)
    damaged.write_bytes(damaged.read_bytes().replace(b'"Login"', b'"Login', 1))
    lines_checked: list[int] = []

    def counting_read(source: Any, *arguments: Any) -> Any:
        lines_checked.append(source.getvalue().count(b"\n"))
        return record_reader.read(source, *arguments)

    monkeypatch.setattr(segment_reader, "read", counting_read)
    staged = segment_reader.stage([damaged, whole])
    assert lines_checked == [3]
    assert set(staged.rows["segment"].to_pylist()) == {whole.stem}
    assert [reject.line for reject in staged.rejected[damaged.stem]] == [1]


@pytest.mark.parametrize(
    "damage", [b"{}\n", b'{"agent":"torn', b'{"agent":5,"activity":"Login"}\n', b"\0\0\n", b"[]\n"]
)
def test_a_damaged_line_is_a_reject_with_its_line_and_stops_nothing(store: Path, damage: bytes) -> None:
    append(**LOGIN, store=store, fold=False)
    [segment] = ready_segments(store)
    segment.write_bytes(segment.read_bytes().rstrip(b"\0") + damage)
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
