"""A fold that fails or is interrupted is finished by the next, and its rejects are listed once."""

import errno
import json
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from typing import Any

import pytest

from audit_store import local_time
from audit_store.engines.duckdb.store import Store
from audit_store.engines.duckdb.writing.fold import FoldTransaction
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, InvalidFormat, StoreBusy
from audit_store.event import Event
from audit_store.store_files import spool_dir, waiting_events
from ingest import append, append_many, importer
from ingest.fold import fold
from ingest.fold_scheduler import FoldingThread
from ingest.importer import import_files
from ingest.rejects import count_rejects, rejects_path
from ingest.spool import intake
from ingest.status import status, words

LOGIN: dict[str, Any] = {"agent": "ada", "activity": "Login"}
TIME = {"occurred_at": "2026-03-14T09:26:53Z"}
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
        patch.setattr("ingest.fold_rejects.list_held", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            fold(store)
    assert count_rejects(store) == 0
    assert (fold(store).rejected, count_rejects(store)) == (0, 1)


def test_a_list_that_cannot_be_written_stops_no_event(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rejects_path(store).mkdir()
    append(**LOGIN, event_id="k", store=store, fold=False)
    append(agent="eve", activity="Login", event_id="k", store=store, fold=False)
    now = local_time.now
    for hours in (0, 3, 6):
        monkeypatch.setattr(local_time, "now", lambda hours=hours: now() + timedelta(hours=hours))
        [problem] = fold(store).problems
        assert "rejects.jsonl cannot be written; rejects wait in " in problem
        assert problem in words(status(store))
        assert waiting_events(store) == 0
        append(**LOGIN, store=store, fold=False)
    rejects_path(store).rmdir()
    assert fold(store).problems == ()
    assert count_rejects(store) == 1


def test_the_folding_thread_says_that_rejects_cannot_be_listed_until_they_can(store: Path) -> None:
    rejects_path(store).mkdir()
    drop(store, "nonsense\n")
    with FoldingThread(store, interval=0.01) as thread:
        until(lambda: thread.error is not None)
        for _ in range(20):
            assert "cannot be written" in (thread.error or "")
            time.sleep(0.01)
        rejects_path(store).rmdir()
        until(lambda: thread.error is None)
    assert count_rejects(store) == 1


def test_an_import_whose_events_are_stored_does_not_say_that_they_wait(store: Path, tmp_path: Path) -> None:
    rejects_path(store).mkdir()
    drop(store, "nonsense\n")
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(LOGIN | TIME))
    report = import_files(store, [str(file)])
    assert (report.stored, report.waiting) == (1, 0)
    assert ["rejects.jsonl cannot be written" in note for note in report.notes] == [True]
    assert "safe in the spool" not in report.notes[0]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    assert holds()


class Refusing:
    """A transaction that cannot store the rows of some segments."""

    def __init__(self, agents: set[str]) -> None:
        self.agents, self.insert = agents, FoldTransaction.insert

    def __call__(self, transaction: FoldTransaction, rows: Any, *rest: Any) -> Any:
        if self.agents & set(rows["agent"].to_pylist()):
            raise InvalidFormat("Conversion Error: malformed")
        return self.insert(transaction, rows, *rest)


def test_rows_that_the_store_refuses_stop_no_other_segment(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing({"3", "6"})
    monkeypatch.setattr(FoldTransaction, "insert", lambda *given: refusing(*given))
    for number in range(8):
        append_many([{"agent": str(number), "activity": "Login"}] * 2, store=store, fold=False)
    report = fold(store)
    assert (report.stored, report.rejected) == (12, 2)
    assert len(status(store)["set_aside"]) == 2
    assert (
        rejects_path(store).read_text().count("its rows cannot be stored (Conversion Error: malformed)") == 2
    )


@pytest.mark.parametrize("error", [StoreBusy("busy"), AuditStoreError("the disk is full")])
def test_a_store_that_takes_no_write_sets_nothing_aside(
    store: Path, monkeypatch: pytest.MonkeyPatch, error: AuditStoreError
) -> None:
    append(**LOGIN, store=store, fold=False)

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(FoldTransaction, "insert", fail)
        with pytest.raises(type(error)):
            fold(store)
    assert fold(store).stored == 1


def test_a_segment_that_cannot_be_read_now_is_folded_later(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append_many([{"agent": "first", "activity": "Login"}], store=store, fold=False)
    [segment] = spool_dir(store).glob("*-batch.ndjson")
    append_many([{"agent": "second", "activity": "Login"}], store=store, fold=False)

    def failing(path: Path) -> Any:
        if path == segment:
            raise OSError(errno.EIO, "Input/output error")
        return intake.open_segment(path)

    with monkeypatch.context() as patch:
        patch.setattr("ingest.spool.segment_lines.open_segment", failing)
        report = fold(store)
    assert report.stored == 1
    assert report.problems == (f"{segment}: its disk failed; check the disk",)
    assert fold(store).stored == 1


def test_a_fold_through_a_link_waits_for_the_readers_of_the_file_itself(tmp_path: Path) -> None:
    target, link = tmp_path / "data" / "audit.duckdb", tmp_path / "link" / "audit.duckdb"
    for path in (target, link):
        path.parent.mkdir()
    link.symlink_to(target)
    append(**LOGIN, store=link, fold=False)
    fold(link)
    append(**LOGIN, store=link, fold=False)
    with (
        open_store(target).read(),
        pytest.raises(StoreBusy, match=r"audit\.duckdb\.room is locked by this process"),
    ):
        fold(link, wait=0.05)
    assert fold(link).stored == 1
    assert sorted(path.name for path in link.parent.glob("*.room")) == []


def test_while_another_program_keeps_the_store_open_segments_stay_whole(store: Path) -> None:
    append(**LOGIN, store=store, fold=False)
    fold(store)
    code = f"import duckdb; c = duckdb.connect({str(store)!r}); print('held', flush=True); input()"
    with Popen([executable, "-c", code], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        append(**LOGIN, store=store, fold=False)
        [segment] = spool_dir(store).glob("*.open")
        for _ in range(3):
            with pytest.raises(StoreBusy, match=f"PID {process.pid}"):
                fold(store, wait=0.05)
            append(**LOGIN, store=store, fold=False)
        assert list(spool_dir(store).glob("*.open")) == [segment]
        process.communicate(b"\n")
    assert fold(store).stored == 4


def test_folded_segments_leave_nothing_in_the_spool(store: Path, tmp_path: Path) -> None:
    append_many([LOGIN] * 3, store=store, fold=False)
    drop(store, "nonsense\n")
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(LOGIN | TIME))
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
    file.write_text("\n".join(json.dumps(LOGIN | TIME | {"n": n}) for n in range(3)))
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
    file.write_text(json.dumps(LOGIN | TIME))
    report = import_files(store, [str(file)])
    assert (report.stored, report.waiting, report.words()) == (
        0,
        1,
        "read 1, stored 0, duplicate 0, conflict 0, rejected 0, waiting 1",
    )
    assert waiting_events(store) == 1


def test_status_says_how_many_events_the_roll_ups_leave_out(
    make_store: Callable[[Iterable[Event]], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_store([Event(agent="a", activity="Login")] * 3).path
    assert status(path)["not_rolled_up"] == 0
    assert "roll-ups" not in words(status(path))
    monkeypatch.setattr(Store, "batch_rows", 3)
    assert status(path)["not_rolled_up"] == 3
    assert "roll-ups   3 events not counted yet" in words(status(path))
