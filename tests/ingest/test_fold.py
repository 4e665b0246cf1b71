"""A fold that fails or is interrupted is finished by the next, and its rejects are listed once."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_store import local_time
from audit_store.engines.duckdb.fold import FoldTransaction
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.store_files import spool_dir, waiting_events
from ingest import append, append_many, importer
from ingest.fold import fold
from ingest.importer import import_files
from ingest.rejects import count_rejects, rejects_path

LOGIN: dict[str, Any] = {"agent": "ada", "activity": "Login"}
Commit = Callable[[FoldTransaction], None]
commit = FoldTransaction.commit


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def drop(store: Path, content: str) -> None:
    """A file of another program in the spool."""
    spool_dir(store).mkdir(exist_ok=True)
    (spool_dir(store) / "nightly.ndjson").write_text(content)


def before_commit(transaction: FoldTransaction) -> None:
    raise StoreBusy("the disk is full")


def after_commit(transaction: FoldTransaction) -> None:
    commit(transaction)
    raise StoreBusy("the checkpoint failed")


@pytest.mark.parametrize("failing", [before_commit, after_commit])
def test_rejects_are_listed_once_however_often_a_commit_fails(
    store: Path, monkeypatch: pytest.MonkeyPatch, failing: Commit
) -> None:
    append(**LOGIN, event_id="k", store=store, fold=False)
    append(agent="eve", activity="Login", event_id="k", store=store, fold=False)
    drop(store, '{"agent": "bob", "activity": "Login"}\nnonsense\n')
    with monkeypatch.context() as patch:
        patch.setattr(FoldTransaction, "commit", failing)
        for _ in range(3):
            with pytest.raises(StoreBusy):
                fold(store)
            assert waiting_events(store) == 4
    fold(store)
    assert waiting_events(store) == 0
    listed = [json.loads(line) for line in rejects_path(store).read_text().splitlines()]
    assert sorted(line["reason"].partition(":")[0].partition(" ")[0] for line in listed) == [
        "event_id",
        "record",
    ]


def test_a_fold_killed_after_its_commit_has_its_rejects_listed_by_the_next(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(store, "nonsense\n")
    with monkeypatch.context() as patch:
        patch.setattr("ingest.fold_rejects.list_held", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fold(store)
    assert count_rejects(store) == 0
    assert (fold(store).rejected, count_rejects(store)) == (0, 1)


def test_a_list_that_cannot_be_written_stops_no_event(store: Path) -> None:
    rejects_path(store).mkdir()
    append(**LOGIN, store=store, fold=False)
    drop(store, "nonsense\n")
    for _ in range(2):
        with pytest.raises(AuditStoreError, match=r"rejects\.jsonl cannot be written; rejects wait in "):
            fold(store)
        assert waiting_events(store) == 0
        append(**LOGIN, store=store, fold=False)
    rejects_path(store).rmdir()
    assert fold(store).stored == 1
    assert count_rejects(store) == 1


def test_folded_segments_leave_nothing_in_the_spool(store: Path, tmp_path: Path) -> None:
    append_many([LOGIN] * 3, store=store, fold=False)
    drop(store, "nonsense\n")
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(LOGIN))
    import_files(store, [str(file)])
    assert sorted(path.name for path in spool_dir(store).iterdir()) == ["folding", "set-aside"]


@pytest.mark.parametrize("hours", [0, 2, 48])
def test_an_import_that_others_fold_for_hours_reports_what_was_stored(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    now = local_time.now

    def folded_by_others(path: Path, **_: Any) -> None:
        fold(path)
        monkeypatch.setattr(local_time, "now", lambda: now() + timedelta(hours=hours))
        append(**LOGIN, store=store, fold=False)
        fold(path)
        raise StoreBusy("held by another program")

    monkeypatch.setattr(importer, "fold", folded_by_others)
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(json.dumps(LOGIN | {"n": n}) for n in range(3)))
    report = import_files(store, [str(file)])
    assert (report.stored, report.waiting) == (3, 0)
    assert "held by another program" in report.notes[0]


def test_an_import_that_cannot_be_folded_waits(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise StoreBusy("held by another program")

    monkeypatch.setattr(importer, "fold", busy)
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(LOGIN))
    report = import_files(store, [str(file)])
    assert (report.stored, report.waiting, report.words()) == (
        0,
        1,
        "read 1, stored 0, duplicate 0, conflict 0, rejected 0, waiting 1",
    )
    assert waiting_events(store) == 1
