"""What could not be stored is listed, and the list of an import does not have to fit into memory."""

import gc
import io
import json
import os
from pathlib import Path

import pytest

from audit_store.errors import AuditStoreError
from audit_store.store_files import spool_dir
from ingest import append
from ingest.fold import fold
from ingest.importer import import_files
from ingest.rejects import (
    PendingRejects,
    Rejected,
    append_lines,
    append_missing,
    as_lines,
    count_rejects,
    rejects_path,
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def listed(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_rejects_are_added_to_the_list(store: Path) -> None:
    path = rejects_path(store)
    assert count_rejects(store) == 0
    append_lines(
        path, io.BytesIO(b"".join(as_lines([Rejected("a.jsonl", 3, "agent: ünï", 'x\n"\ud800')]))), path
    )
    with PendingRejects() as pending:
        pending.add(Rejected("b.jsonl", line, "outcome", "raw") for line in (1, 2))
        pending.add([])
        assert (pending.count, pending.first and pending.first.line) == (2, 1)
        assert count_rejects(store) == 1
        pending.append_to(path, path)
    lines = listed(path)
    assert [(line["file"], line["line"], line["reason"]) for line in lines] == [
        ("a.jsonl", 3, "agent: ünï"),
        ("b.jsonl", 1, "outcome"),
        ("b.jsonl", 2, "outcome"),
    ]
    assert lines[0]["raw"] == 'x\n"\ud800'
    assert all(str(line["rejected_at"]).endswith("Z") for line in lines)


def test_an_import_holds_one_of_its_rejects_in_memory(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory: list[int] = []
    append_to = PendingRejects.append_to

    def counting(self: PendingRejects, path: Path, like: Path) -> None:
        gc.collect()
        in_memory.append(sum(isinstance(value, Rejected) for value in gc.get_objects()))
        append_to(self, path, like)

    monkeypatch.setattr(PendingRejects, "append_to", counting)
    file = tmp_path / "bad.jsonl"
    file.write_text("nonsense\n" * 5000)
    report = import_files(store, [str(file)])
    assert (report.rejected, count_rejects(store), in_memory) == (5000, 5000, [1])


@pytest.mark.parametrize("name", ["audit.duckdb", "audit.duckdb.state.sqlite", "audit.duckdb.spool/x.ndjson"])
def test_rejects_are_not_listed_in_a_file_of_the_store(tmp_path: Path, store: Path, name: str) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text("nonsense\n")
    with pytest.raises(AuditStoreError, match="name another file"):
        import_files(store, [str(bad)], rejects=tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl"]


def test_an_import_that_fails_lists_nothing(tmp_path: Path, store: Path) -> None:
    bad, wrong = tmp_path / "bad.jsonl", tmp_path / "wrong.parquet"
    bad.write_text("nonsense\n")
    wrong.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(Exception, match=r"wrong\.parquet"):
        import_files(store, [str(bad), str(wrong)])
    assert not rejects_path(store).exists()


def test_a_listing_that_was_interrupted_is_completed(store: Path) -> None:
    path = rejects_path(store)
    lines = list(as_lines(Rejected("a.ndjson", line, "agent", "raw") for line in range(1, 4)))
    whole, other = b"".join(lines), next(as_lines([Rejected("b.ndjson", 1, "agent", "raw")]))
    for written in range(len(whole) + 1):
        path.write_bytes(other + whole[:written])
        append_missing(path, lines, path)
        assert path.read_bytes() == other + whole, written


def test_the_end_of_a_list_that_is_none_of_the_lines_stays(store: Path) -> None:
    path = rejects_path(store)
    path.write_bytes(b'{"a line": "without an end"}')
    line = next(as_lines([Rejected("a.ndjson", 1, "agent", "raw")]))
    append_missing(path, [line], path)
    assert path.read_bytes() == b'{"a line": "without an end"}\n' + line


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_list_on_a_full_disk_raises(store: Path) -> None:
    lines = io.BytesIO(next(as_lines([Rejected("a.ndjson", 1, "agent", "raw")])))
    with pytest.raises(OSError, match="No space left"):
        append_lines(Path("/dev/full"), lines, store)


def test_a_pipe_in_place_of_the_list_keeps_no_fold_waiting(store: Path) -> None:
    os.mkfifo(rejects_path(store))
    for _ in range(2):
        append(agent="ada", activity="Login", store=store, fold=False)
        (spool_dir(store) / "bad.ndjson").write_text("nonsense\n")
        report = fold(store)
        assert report.stored == 1
        assert "rejects.jsonl cannot be written" in report.problems[-1]
    with pytest.raises(AuditStoreError, match="not a regular file"):
        count_rejects(store)
