"""A store is whole from the moment that it has its name; what an interrupted creation left is moved aside."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.errors import StoreCorrupt
from audit_store.store_files import unusable
from ingest import append
from ingest.fold import fold
from ingest.status import status, words
from tests import ROOT, forked
from tests.conftest import in_campaign

pytestmark = pytest.mark.usefixtures("real_creation")

HEADER = 4096


@pytest.fixture
def umask() -> Iterator[None]:
    """The umask of a private account, and the test's own afterwards."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def start_of_a_store(folder: Path, size: int) -> bytes:
    whole = Store(folder / "whole" / "audit.duckdb")
    with whole.write():
        pass
    return whole.path.read_bytes()[:size]


def count(store: Store) -> int:
    return int(store.run(queries.extent())["events"][0])


UNFINISHED = [1 * HEADER, 2 * HEADER, 3 * HEADER - 1, 100]


@pytest.mark.parametrize("size", [UNFINISHED[0], UNFINISHED[-1], *in_campaign(*UNFINISHED[1:-1])])
def test_a_file_with_some_of_its_headers_is_moved_aside(store: Store, tmp_path: Path, size: int) -> None:
    content = start_of_a_store(tmp_path, size)
    store.path.write_bytes(content)
    append(agent="a", activity="b", store=store.path, fold=False)
    assert fold(store.path).stored == 1
    [aside] = unusable(store.path)
    assert aside.name.startswith("audit.duckdb.unusable-")
    assert aside.read_bytes() == content
    summary = status(store.path)
    assert (summary["events"], summary["unusable"], summary["problem"]) == (1, [aside.name], None)
    assert f"moved      {aside.name}: DuckDB could not use it" in words(summary)


@pytest.mark.parametrize("size", [1, 2 * HEADER, 300_000])
def test_a_file_of_zeros_is_moved_aside_and_said(
    store: Store, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    store.path.write_bytes(bytes(size))
    with store.write():
        pass
    assert count(store) == 0
    [aside] = unusable(store.path)
    assert aside.read_bytes() == bytes(size)
    assert f"{store.path} cannot be used by DuckDB and was moved to {aside}" in caplog.text


@pytest.mark.parametrize("content", [b"agent,activity\n", bytes(5000) + b"x" * 10_000])
def test_any_other_file_stays(store: Store, content: bytes) -> None:
    store.path.write_bytes(content)
    with pytest.raises(StoreCorrupt), store.write():
        pass
    assert (store.path.read_bytes(), unusable(store.path)) == (content, [])


def test_a_short_file_with_a_wal_stays(store: Store, tmp_path: Path) -> None:
    store.path.write_bytes(start_of_a_store(tmp_path, HEADER))
    store.path.with_name("audit.duckdb.wal").write_bytes(b"the events of a transaction")
    with pytest.raises(StoreCorrupt), store.write():
        pass
    assert unusable(store.path) == []


LIMITED = """
import resource, signal, sys
from pathlib import Path
from audit_store.errors import AuditStoreError
from ingest import append
from ingest.fold import fold
store = Path(sys.argv[1])
append(agent="a", activity="b", store=store, fold=False)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    fold(store)
except AuditStoreError as error:
    print(error)
"""


@pytest.mark.processes
@pytest.mark.parametrize("size", [HEADER, 100_000, *in_campaign(0, 2 * HEADER, 3 * HEADER)])
def test_a_creation_that_runs_out_of_space_leaves_no_file(store: Store, size: int) -> None:
    command = [sys.executable, "-c", LIMITED, str(store.path), str(size)]
    output = forked.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"{store.path} cannot be created: " in output
    assert not store.path.exists()
    assert fold(store.path).stored == 1
    assert [path.name for path in store.path.parent.iterdir() if ".new" in path.name] == []


KILLED = """
import os, signal, sys
from pathlib import Path
from audit_store.engines.duckdb import creation
from audit_store.engines.duckdb.store import Store
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(creation, "sync_file", kill)
with Store(Path(sys.argv[1])).write():
    pass
"""


@pytest.mark.processes
def test_what_a_killed_creation_leaves_is_removed_by_the_next(store: Store) -> None:
    run = forked.run([sys.executable, "-c", KILLED, str(store.path)], cwd=ROOT, check=False)
    assert run.returncode < 0
    assert not store.path.exists()
    assert [path.suffix for path in store.path.parent.iterdir() if path.name.startswith(".")] == [".new"]
    with store.write():
        pass
    assert [path for path in store.path.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("content", [None, b"", bytes(10)], ids=["missing", "empty", "zeros"])
def test_a_link_stays_and_its_target_becomes_the_store(
    store: Store, tmp_path: Path, content: bytes | None
) -> None:
    target = tmp_path / "disk" / "events.duckdb"
    if content is not None:
        target.parent.mkdir()
        target.write_bytes(content)
    store.path.symlink_to(target)
    append(agent="a", activity="b", store=store.path, fold=False)
    assert fold(store.path).stored == 1
    assert store.path.readlink() == target
    assert count(store) == count(Store(target)) == 1
    assert len(unusable(store.path)) == bool(content)


def test_a_store_keeps_the_mode_of_the_empty_file_before_it(store: Store) -> None:
    store.path.touch()
    store.path.chmod(0o640)
    with store.write():
        pass
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o640


def test_locks_beside_a_store_have_its_mode_whatever_the_umask(store: Store, umask: None) -> None:
    with store.write():
        pass
    parts = [store.path.with_name(f"audit.duckdb.{part}") for part in ("turn", "room")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in [store.path, *parts]} == {0o600}
    store.path.chmod(0o664)
    for path in parts:
        path.unlink()
    assert count(store) == 0
    assert {stat.S_IMODE(path.stat().st_mode) for path in parts} == {0o664}
