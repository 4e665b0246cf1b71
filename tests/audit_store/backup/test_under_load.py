"""Backups while processes append and fold, the loss of the store, and kills at any moment."""

import contextlib
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_store.__main__ import main
from audit_store.backup.backup import backup
from audit_store.backup.manifest import read, verify
from audit_store.backup.restore import restore
from audit_store.errors import AuditStoreError
from audit_store.file_lock import no_fold
from ingest import append
from ingest.fold import fold
from tests import ROOT, forked
from tests.audit_store.backup.stores import agents, append_and_fold, events
from tests.audit_store.backup.test_restore import cut, delete, flip_header

pytestmark = pytest.mark.processes

BACKUPS = 3
# Every command runs in a process of its own, which has its modules at once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "audit_store.backup.backup",
        "audit_store.backup.restore",
        "audit_store.engines.duckdb.recovery.replacement",
    ]
)
WRITER = """
import contextlib, os
from pathlib import Path
from audit_store.errors import AuditStoreError
from ingest import append, append_many
from ingest.fold import fold
store = Path(os.environ["AUDIT_STORE"])
while True:
    for _ in range(5):
        print(append(agent="writer", activity="Login", fold=False), flush=True)
    print(*append_many([{"agent": "batch", "activity": "Login"}] * 3, fold=False), sep="\\n", flush=True)
    with contextlib.suppress(AuditStoreError):
        fold(store)
"""


@contextlib.contextmanager
def writing(path: Path, acknowledged: Path) -> Iterator[None]:
    """Two processes append and fold without a pause; `acknowledged` gets the ids."""
    with acknowledged.open("ab") as output:
        processes = [
            forked.Popen(
                [sys.executable, "-c", WRITER],
                cwd=ROOT,
                stdout=output,
                env=os.environ | {"AUDIT_STORE": str(path)},
            )
            for _ in range(2)
        ]
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def ids_in(acknowledged: Path) -> list[str]:
    """The whole ids."""
    return [line for line in acknowledged.read_text().splitlines() if len(line) == 36]


def wait_for(acknowledged: Path, more: int) -> list[str]:
    """Wait until so many more events are acknowledged; gives all ids."""
    enough = len(ids_in(acknowledged)) + more
    while len(event_ids := ids_in(acknowledged)) < enough:
        time.sleep(0.01)
    return event_ids


def test_backups_under_load_and_restores_keep_every_event(path: Path, tmp_path: Path, campaign: bool) -> None:
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    with writing(path, acknowledged):
        wait_for(acknowledged, 50)
        for lose in (delete, cut, flip_header) if campaign else (flip_header,):
            folders = [
                backup(path, tmp_path / f"{lose.__name__}-{number}").folder for number in range(BACKUPS)
            ]
            wait_for(acknowledged, 30)
            with no_fold(path, 60):
                log = events(path)
                lose(path)
            since = len(ids_in(acknowledged))
            wait_for(acknowledged, 30)
            restore(folders[-1], path)
            event_ids = wait_for(acknowledged, 30)[since:]
            check(path, [events(folder / "audit.duckdb") for folder in folders], log, event_ids)


def check(
    path: Path, backups: list[list[tuple[str, str]]], log: list[tuple[str, str]], event_ids: list[str]
) -> None:
    """Each backup is a prefix of the log, and the store has the last of them and `event_ids`, each event once."""
    assert all(copied == log[: len(copied)] for copied in backups)
    assert 3 < len(backups[0]) <= len(backups[-1]) < len(log)
    fold(path, wait=60)
    stored = events(path)
    assert stored[: len(backups[-1])] == backups[-1]
    stored_ids = [event_id for event_id, _ in stored]
    assert len(set(stored_ids)) == len(stored_ids)
    assert set(event_ids) <= set(stored_ids)


def killed(arguments: list[str], moment: float | None) -> float:
    """Run a command and kill it so many seconds after its beginning; gives how long it ran."""
    process = PROCESSES.Process(target=main, args=(arguments,))
    process.start()
    start = time.monotonic()
    process.join(moment)
    process.kill()
    process.join()
    return time.monotonic() - start


@pytest.fixture(scope="session")
def kills(campaign: bool) -> int:
    """How many processes a test kills."""
    return 60 if campaign else 3


def test_a_killed_backup_is_complete_or_not_there(path: Path, tmp_path: Path, kills: int) -> None:
    length = killed(["backup", str(tmp_path / "first"), "--store", str(path)], None)
    randomness = random.Random(13)
    for number in range(kills):
        folder = tmp_path / f"backup-{number}"
        killed(["backup", str(folder), "--store", str(path)], randomness.uniform(0, 1.2 * length))
        if folder.exists():
            verify(folder, read(folder))
        append_and_fold(path, f"agent-{number}")
    folder = backup(path, tmp_path / "last").folder
    assert agents(folder / "audit.duckdb") == agents(path)
    assert len(agents(path)) == 3 + kills


def test_a_killed_restore_is_finished_by_the_next(path: Path, tmp_path: Path, kills: int) -> None:
    folder = backup(path, tmp_path / "backup").folder
    append_and_fold(path, "later")
    command = ["restore", str(folder), "--store", str(path)]
    path.unlink()
    length = killed(command, None)
    randomness = random.Random(14)
    for number in range(kills):
        path.unlink(missing_ok=True)
        killed(command, randomness.uniform(0, 1.2 * length))
        append(agent=f"agent-{number}", activity="Login", store=path, fold=False)
        if number % 2:
            with contextlib.suppress(AuditStoreError):
                fold(path)
        restore(folder, path, force=True)
        assert agents(path) == ["ada", "bob", "x"]
        assert [item for item in path.parent.iterdir() if item.name.endswith(".new")] == []
    append_and_fold(path, "last")
    assert agents(path)[-1] == "last"
