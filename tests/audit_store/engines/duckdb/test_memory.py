"""A store that held events and is gone, empty, older or another one is an error, and never silently begun anew."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from audit_store.__main__ import main
from audit_store.engines.duckdb import memory, queries
from audit_store.engines.duckdb.store import Store
from audit_store.errors import StoreCorrupt, StoreLost
from audit_store.store_files import unusable, waiting_events
from ingest import append
from ingest.fold import fold
from ingest.status import status
from tests.conftest import in_campaign


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two events, folded one at a time, and its first state in `older.duckdb`."""
    path = tmp_path / "audit.duckdb"
    append_and_fold(path)
    shutil.copyfile(path, tmp_path / "older.duckdb")
    append_and_fold(path)
    return path


def append_and_fold(path: Path) -> None:
    append(agent="ada", activity="Login", store=path, fold=False)
    fold(path)


def count(path: Path) -> int:
    return int(Store(path).run(queries.extent())["events"][0])


def delete(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096])


def put_older(path: Path) -> None:
    shutil.copyfile(path.with_name("older.duckdb"), path)


def put_other(path: Path) -> None:
    other = path.with_name("other.duckdb")
    append_and_fold(other)
    append_and_fold(other)
    append_and_fold(other)
    other.replace(path)


LOSSES = [
    (delete, "is missing, and held events to seq 1"),
    (empty, "has 0 bytes, and held events to seq 1"),
    (put_older, "ends with seq 0, and held events to seq 1"),
    (put_other, "is another store"),
]


@pytest.mark.parametrize(("lose", "says"), LOSSES)
def test_a_lost_store_is_an_error_until_it_is_accepted(
    path: Path, lose: Callable[[Path], None], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lose(path)
    before = path.read_bytes() if path.exists() else None
    append(agent="ada", activity="Login", store=path, fold=False)
    for use in (fold, count):
        with pytest.raises(
            StoreLost,
            match=f"^{path} {says}.* restore BACKUP .* accept --store {path}",
        ):
            use(path)
    assert says in str(status(path)["problem"])
    assert (path.read_bytes() if path.exists() else None) == before
    assert waiting_events(path) == 1
    assert main(["accept", "--store", str(path)]) == 0
    assert "it held events to seq 1 at its last fold" in capsys.readouterr().out
    assert fold(path).stored == 1
    assert count(path) == status(path)["events"]


def test_a_store_cut_in_its_headers_is_not_begun_anew(path: Path) -> None:
    size = path.stat().st_size
    cut(path)
    append(agent="ada", activity="Login", store=path, fold=False)
    with pytest.raises(StoreLost, match="has 4,096 bytes, and held events to seq 1"):
        fold(path)
    with pytest.raises(StoreCorrupt, match=f"it has 4,096 bytes, and had {size:,} at the last fold"):
        count(path)
    assert unusable(path) == []


def test_nothing_is_to_be_accepted_of_a_store_that_never_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accept", "--store", str(tmp_path / "audit.duckdb")]) == 2
    assert "there is nothing to accept" in capsys.readouterr().err


def test_a_copy_of_the_same_store_is_taken(path: Path) -> None:
    shutil.copyfile(path, path.with_name("copy"))
    path.with_name("copy").replace(path)
    assert count(path) == 2
    append_and_fold(path)
    assert count(path) == 3


def test_a_store_may_be_ahead_of_its_memory(path: Path) -> None:
    """As after a crash between the checkpoint and the memory's write."""
    before = memory.path_of(path).read_bytes()
    append_and_fold(path)
    memory.path_of(path).write_bytes(before)
    assert count(path) == 3
    append_and_fold(path)
    assert memory.read(path) == memory.Memory(store_id(path), 3, Store(path).version())


def store_id(path: Path) -> str:
    return str(Store(path).run(queries.identity())["store_id"][0])


def test_what_is_rolled_back_is_not_remembered(path: Path) -> None:
    with Store(path).write() as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO events SELECT * REPLACE (2 AS seq) FROM events WHERE seq = 0")
    assert count(path) == 2
    assert memory.read(path) == memory.Memory(store_id(path), 1, Store(path).version())


def test_a_store_of_an_earlier_version_is_remembered_from_its_next_fold_on(path: Path) -> None:
    memory.path_of(path).unlink()
    assert count(path) == 2
    assert memory.read(path) is None
    append_and_fold(path)
    delete(path)
    with pytest.raises(StoreLost):
        count(path)


@pytest.mark.parametrize("position", [60, *in_campaign(10, 120)])
def test_a_damaged_memory_stops_nothing_but_a_new_store(path: Path, position: int) -> None:
    data = bytearray(memory.path_of(path).read_bytes())
    data[position] ^= 1
    memory.path_of(path).write_bytes(data)
    assert count(path) == 2
    moved = path.rename(path.with_name("moved"))
    says = r"is missing, and .*\.memory\.json is damaged"
    with pytest.raises(StoreLost, match=says), Store(path).write():
        pass
    moved.rename(path)
    append_and_fold(path)
    assert memory.read(path) == memory.Memory(store_id(path), 2, Store(path).version())


def test_a_memory_that_cannot_be_written_stops_no_fold(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    memory.path_of(path).unlink()
    memory.path_of(path).mkdir()
    append_and_fold(path)
    assert count(path) == 3
    assert f"{memory.path_of(path)} cannot be written" in caplog.text


def interrupted_fold(path: Path) -> Path:
    """A fold of one event is killed between commit and checkpoint; gives the WAL."""
    append(agent="eve", activity="Login", store=path, fold=False)
    segments = [(file, file.read_bytes()) for file in path.with_name("audit.duckdb.spool").glob("*.open")]
    with duckdb.connect(str(path)) as connection:
        connection.execute("SET wal_autocheckpoint = '1GB'")
        connection.execute(
            "INSERT INTO events SELECT * REPLACE (2 AS seq, 'eve' AS agent) FROM events WHERE seq = 0"
        )
        for part in ("", ".wal"):
            shutil.copyfile(f"{path}{part}", f"{path}.kept{part}")
    for part in ("", ".wal"):
        Path(f"{path}.kept{part}").replace(f"{path}{part}")
    assert all(file.read_bytes() == content for file, content in segments)
    return Path(f"{path}.wal")


@pytest.mark.parametrize("share", [0.02, 0.6, *in_campaign(0.3, 0.9)])
def test_a_damaged_wal_is_moved_aside_and_its_events_are_folded_again(
    path: Path, caplog: pytest.LogCaptureFixture, share: float
) -> None:
    wal = interrupted_fold(path)
    data = bytearray(wal.read_bytes())
    data[int(len(data) * share)] ^= 0x55
    wal.write_bytes(data)
    assert fold(path).stored == 1
    rows = Store(path).run(queries.extent()).to_dict("records")[0]
    assert (rows["events"], rows["last_seq"]) == (3, 2)
    for aside in unusable(path):
        assert aside.read_bytes() == data
        assert f"DuckDB cannot read {aside}; its events are folded again from the spool" in caplog.text
        assert aside.name in status(path)["unusable"]


def test_a_wal_without_which_the_file_cannot_be_read_either_stays(path: Path) -> None:
    wal = interrupted_fold(path)
    path.write_bytes(b"garbage!" * 4000)
    content = wal.read_bytes()
    with pytest.raises(StoreCorrupt):
        fold(path)
    assert (wal.read_bytes(), unusable(path)) == (content, [])
