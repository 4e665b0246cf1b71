"""A backup is a complete and checked copy in a new folder, or nothing at all."""

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_store.__main__ import main
from audit_store.backup import backup as backups
from audit_store.backup.backup import backup
from audit_store.engines.duckdb import memory, rw_lock
from audit_store.engines.duckdb.recovery import snapshot
from audit_store.errors import AuditStoreError, StoreBusy, StoreCorrupt, StoreLost, StoreNotFound
from audit_store.state import database, views
from audit_store.store_files import spool_dir, waiting_events
from ingest import append
from ingest.fold import fold
from tests import ROOT, forked
from tests.audit_store.backup.stores import agents, append_and_fold, content
from tests.conftest import in_campaign

FILES = {
    "audit.duckdb",
    "audit.duckdb.memory.json",
    "audit.duckdb.rejects.jsonl",
    "audit.duckdb.state.sqlite",
    "manifest.json",
}


def test_a_backup_holds_the_store_and_the_files_beside_it(path: Path, tmp_path: Path) -> None:
    before = content(path.parent)
    folder = tmp_path / "backup"
    made = backup(path, folder)
    assert content(path.parent) == before
    assert set(content(folder)) == FILES
    assert agents(folder / "audit.duckdb") == ["ada", "bob", "x"]
    assert views.read(folder / "audit.duckdb") == views.read(path) != {}
    assert content(folder)["audit.duckdb.rejects.jsonl"] == before["audit.duckdb.rejects.jsonl"]
    assert (made.problems, made.manifest.events, made.manifest.last_seq) == ((), 3, 2)
    assert {item.name for item in tmp_path.iterdir()} == {"live", "backup"}


def test_the_manifest_says_what_the_backup_is(path: Path, tmp_path: Path) -> None:
    made = backup(path, tmp_path / "backup")
    fields = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert fields["store"] == str(path)
    assert fields["store_id"] == getattr(memory.read(path), "store_id", None)
    assert set(fields["files"]) == FILES - {"manifest.json"}
    assert fields["files"]["audit.duckdb"]["bytes"] == (made.folder / "audit.duckdb").stat().st_size


def test_files_of_a_backup_are_as_secret_as_the_store(path: Path, tmp_path: Path) -> None:
    path.chmod(0o640)
    database.path_of(path).chmod(0o600)
    folder = backup(path, tmp_path / "backup").folder
    assert (folder / "audit.duckdb").stat().st_mode & 0o777 == 0o640
    assert (folder / "audit.duckdb.state.sqlite").stat().st_mode & 0o777 == 0o600


def test_the_command_names_what_is_not_part_of_the_backup(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append(agent="eve", activity="Login", store=path, fold=False)
    assert main(["backup", str(tmp_path / "backup"), "--store", str(path)]) == 0
    out, words = capsys.readouterr()
    assert out.startswith(f"{tmp_path / 'backup'}: 3 events, last seq 2, ")
    assert words == "python -m audit_store backup: 1 event in the spool not part of the backup\n"


def test_a_damaged_state_is_named_and_the_events_are_backed_up(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database.path_of(path).write_bytes(b"garbage" * 1000)
    assert main(["backup", str(tmp_path / "backup"), "--store", str(path)]) == 1
    assert f"not part of the backup: {database.path_of(path)}" in capsys.readouterr().err
    assert set(content(tmp_path / "backup")) == FILES - {"audit.duckdb.state.sqlite"}


def in_spool(path: Path, tmp_path: Path) -> Path:
    return spool_dir(path) / "backup"


def is_the_spool(path: Path, tmp_path: Path) -> Path:
    shutil.rmtree(spool_dir(path))
    return spool_dir(path)


def through_a_link(path: Path, tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(spool_dir(path))
    return tmp_path / "link" / "backup"


def is_there(path: Path, tmp_path: Path) -> Path:
    (tmp_path / "backup").mkdir()
    return tmp_path / "backup"


def is_a_dead_link(path: Path, tmp_path: Path) -> Path:
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    return tmp_path / "dead"


PLACES: list[tuple[Callable[[Path, Path], Path], str]] = [
    (lambda path, tmp_path: path, "exists already; name a new folder"),
    (is_there, "exists already; name a new folder"),
    (is_a_dead_link, "exists already; name a new folder"),
    (in_spool, "is in the spool of the store"),
    (through_a_link, "is in the spool of the store"),
    (is_the_spool, "belong to the store"),
    (lambda path, tmp_path: Path(f"{path}.wal"), "belong to the store"),
    (lambda path, tmp_path: tmp_path / "missing" / "backup", "is not a folder; create it"),
    (lambda path, tmp_path: path / "backup", "is not a folder; create it"),
]


@pytest.mark.parametrize(("place", "says"), PLACES)
def test_a_backup_takes_the_place_of_nothing(
    path: Path, tmp_path: Path, place: Callable[[Path, Path], Path], says: str
) -> None:
    folder = place(path, tmp_path)
    before = content(tmp_path)
    with pytest.raises(AuditStoreError, match=f"^.*{says}"):
        backup(path, folder)
    assert content(tmp_path) == before


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    os.truncate(path, 4096)


def flip(path: Path) -> None:
    """In the data of the events: the file opens, and some of them cannot be read."""
    data = bytearray(path.read_bytes())
    for position in range(3 * 4096 + 64, len(data), 4096):
        data[position] ^= 0x55
    path.write_bytes(data)


def put_older(path: Path) -> None:
    shutil.copyfile(path, older := path.with_name("older"))
    append_and_fold(path, "eve")
    older.replace(path)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [(delete, StoreLost), (cut, StoreCorrupt), (flip, StoreCorrupt), (put_older, StoreLost)],
)
def test_a_store_that_is_lost_or_damaged_is_not_backed_up(
    path: Path, tmp_path: Path, damage: Callable[[Path], None], kind: type[AuditStoreError]
) -> None:
    damage(path)
    before = content(tmp_path)
    with pytest.raises(kind, match=str(path)):
        backup(path, tmp_path / "backup")
    assert content(tmp_path) == before


def test_there_is_no_backup_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFound):
        backup(tmp_path / "audit.duckdb", tmp_path / "backup")
    assert list(tmp_path.iterdir()) == []


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from audit_store.engines.duckdb.writing.fold import FoldTransaction
from ingest.fold import fold
def commit(transaction):
    transaction._connection.execute("COMMIT")
    os.kill(os.getpid(), signal.SIGKILL)
FoldTransaction.commit = commit
fold(Path(sys.argv[1]))
"""


def interrupt_fold(path: Path) -> Path:
    """Kill a fold of one event after its commit; gives the write-ahead log in which the event is."""
    append(agent="eve", activity="Login", store=path, fold=False)
    forked.run([sys.executable, "-c", INTERRUPTED, str(path)], cwd=ROOT, check=False)
    wal = Path(f"{path}.wal")
    assert wal.stat().st_size > 0
    return wal


def test_what_is_in_the_write_ahead_log_is_part_of_a_backup(path: Path, tmp_path: Path) -> None:
    wal = interrupt_fold(path)
    before = wal.read_bytes()
    backup(path, tmp_path / "backup")
    assert wal.read_bytes() == before
    assert set(content(tmp_path / "backup")) == FILES
    assert agents(tmp_path / "backup" / "audit.duckdb") == ["ada", "bob", "x", "eve"]


@pytest.mark.parametrize("damaged", [slice(100, 101), *in_campaign(slice(None), slice(300, 500))])
def test_a_write_ahead_log_that_cannot_be_read_is_left_out(
    path: Path, tmp_path: Path, damaged: slice
) -> None:
    wal = interrupt_fold(path)
    data = bytearray(wal.read_bytes())
    data[damaged] = bytes(byte ^ 0x55 for byte in data[damaged])
    wal.write_bytes(data)
    backup(path, tmp_path / "backup")
    assert set(content(tmp_path / "backup")) <= FILES
    assert agents(tmp_path / "backup" / "audit.duckdb") == ["ada", "bob", "x"]
    assert waiting_events(path) == 1


def test_another_program_that_writes_the_store_is_waited_for_and_named(path: Path, tmp_path: Path) -> None:
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(path)]
    with forked.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        with pytest.raises(StoreBusy, match=f"{path} is held by PID {other.pid}"):
            backup(path, tmp_path / "backup", wait=0.2)
        threading.Timer(0.3, other.stdin.close).start()
        backup(path, tmp_path / "backup", wait=60)
    assert agents(tmp_path / "backup" / "audit.duckdb") == ["ada", "bob", "x"]


def test_folds_and_other_writers_wait_while_the_store_is_copied_and_readers_do_not(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(*arguments: object) -> None:
        script = f"""
import duckdb, fcntl, time
from pathlib import Path
from audit_store.engines.duckdb import rw_lock
path = Path({str(path)!r})
with rw_lock.acquired(path, exclusive=False, deadline=time.monotonic()): print("read")
try:
    with rw_lock.acquired(path, exclusive=True, deadline=time.monotonic()): print("fold")
except Exception as error: print(type(error).__name__)
try: duckdb.connect(str(path))
except Exception as error: print(type(error).__name__)
duckdb.connect(str(path), read_only=True)
"""
        command = [sys.executable, "-c", script]
        done = forked.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["read", "StoreBusy", "IOException"]
        append(agent="eve", activity="Login", store=path, fold=False)
        copied(*arguments)

    copied = snapshot.copy_file
    monkeypatch.setattr(snapshot, "copy_file", copy)
    backup(path, tmp_path / "backup")
    assert fold(path).stored == 1


def test_a_full_disk_leaves_nothing(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "manifest.json")

    monkeypatch.setattr(backups.Manifest, "write", fail)
    assert main(["backup", str(tmp_path / "backup"), "--store", str(path)]) == 2
    assert "backup was not made: manifest.json: its disk is full; free some space" in capsys.readouterr().err
    assert {item.name for item in tmp_path.iterdir()} == {"live"}


def test_what_a_killed_backup_leaves_is_removed_by_a_later_one(path: Path, tmp_path: Path) -> None:
    recent, old = (tmp_path / f".audit-backup-{name}.new" for name in ("recent", "old"))
    for leftover in (recent, old):
        leftover.mkdir()
        (leftover / "audit.duckdb").write_bytes(b"half")
    hours_ago = time.time() - 7 * 3600
    os.utime(old, (hours_ago, hours_ago))
    backup(path, tmp_path / "backup")
    assert {item.name for item in tmp_path.iterdir()} == {"live", "backup", recent.name}


def test_a_line_that_is_being_written_is_left_out(path: Path, tmp_path: Path) -> None:
    rejects = path.with_name("audit.duckdb.rejects.jsonl")
    whole = rejects.read_bytes()
    rejects.write_bytes(whole + b'{"file": "ha')
    backup(path, tmp_path / "backup")
    assert content(tmp_path / "backup")[rejects.name] == whole


def test_state_is_copied_while_it_is_written(path: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(database.path_of(path), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM views")
    backup(path, tmp_path / "backup")
    connection.close()
    assert list(views.read(tmp_path / "backup" / "audit.duckdb")) == ["failures"]


def test_a_lock_that_is_never_free_ends_the_wait(path: Path, tmp_path: Path) -> None:
    _, lock = rw_lock.lock_files(path)
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreBusy):
            backup(path, tmp_path / "backup", wait=0.1)
