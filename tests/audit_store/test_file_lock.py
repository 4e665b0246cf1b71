"""A lock names who holds it, and a file that cannot be locked is an error that says what to do."""

import errno
import fcntl
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_store import file_lock
from audit_store.engines.duckdb import rw_lock
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, StoreBusy
from ingest import append
from ingest.fold import fold
from ingest.status import status

HOLD = "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX); print(flush=True); input()"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "audit.duckdb.room"
    path.touch()
    return path


def take(path: Path) -> None:
    with file_lock.locked(path, fcntl.LOCK_EX, time.monotonic()):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a list of locks")
def test_a_lock_names_the_process_that_holds_it_and_its_command(path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(path), "\x1b[31m\n", "x" * 200]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreBusy) as refusal:
            take(path)
        holder.communicate("\n")
    text = str(refusal.value)
    assert re.fullmatch(
        rf"{path} is locked by PID {holder.pid} \({sys.executable} -c .*…\); try again when it has ended",
        text,
    )
    assert len(text) < 300
    take(path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a list of locks")
def test_the_error_of_a_process_that_waits_at_the_gate_names_who_holds_the_store(path: Path) -> None:
    store, gate = path.with_suffix(""), path.with_suffix(".turn")
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            file_lock.locked(gate, fcntl.LOCK_EX, time.monotonic()),
            pytest.raises(StoreBusy, match=rf"{path} is locked by PID {holder.pid} \("),
            rw_lock.acquired(store, exclusive=False, deadline=time.monotonic()),
        ):
            pass
        holder.communicate("\n")


def test_a_lock_of_this_process_says_so(path: Path) -> None:
    with (
        file_lock.locked(path, fcntl.LOCK_EX, time.monotonic()),
        pytest.raises(StoreBusy, match=r"by (this process|another program); try again"),
    ):
        take(path)


def test_a_command_is_shown_without_escape_sequences() -> None:
    command = [sys.executable, "-c", "input()", "\x1b]0;title\x07"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 10
        while "title" not in (text := file_lock.describe(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.communicate("\n")
    assert text.isprintable()
    assert file_lock.describe(process.pid) == f"PID {process.pid}"


def link(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")


STRANGE: dict[Callable[[Path], None], str] = {
    os.mkfifo: "not a regular file; remove it",
    os.mkdir: "not a regular file; remove it",
    link: "a symbolic link; remove it",
}


@pytest.mark.parametrize("make", STRANGE)
def test_a_lock_that_is_no_regular_file_is_an_error_and_not_waited_for(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "lock"
    make(path)
    with pytest.raises(AuditStoreError, match=f"{path} cannot be opened: it is {STRANGE[make]}"):
        take(path)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.EIO])
def test_a_file_system_without_locks_is_an_error_of_this_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store = tmp_path / "audit.duckdb"
    append(agent="ada", activity="Login", store=store, fold=False)
    fold(store)

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    reason = re.escape(f"cannot be locked: {os.strerror(number)}; keep the store on a file system with locks")
    append(agent="ada", activity="Login", store=store, fold=False)
    with pytest.raises(AuditStoreError, match=reason):
        fold(store)
    with pytest.raises(AuditStoreError, match=reason), open_store(store).read():
        pass
    assert re.search(reason, status(store)["problem"])
