"""A backup takes the place of a store that is damaged or gone; what waits in the spool is stored once."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_store.__main__ import main
from audit_store.backup.backup import backup
from audit_store.backup.restore import restore
from audit_store.engines.duckdb import memory
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.file_lock import no_fold
from audit_store.state import database, views
from audit_store.store_files import set_aside, spool_dir, waiting_events
from ingest import append
from ingest.fold import fold
from ingest.rejects import count_rejects
from ingest.status import status
from tests.audit_store.backup.stores import agents, append_and_fold, content
from tests.conftest import in_campaign


@pytest.fixture
def folder(path: Path, template_with_backup: Path, tmp_path: Path) -> Path:
    """A backup of the store, after which one event was stored and another waits."""
    shutil.copytree(template_with_backup, tmp_path, dirs_exist_ok=True)
    return tmp_path / "backup"


def delete(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 + 20)
        file.write(b"\xff" * 8)


def flip_metadata(path: Path) -> None:
    """The blocks that say where the data are: the file cannot be opened."""
    data = bytearray(path.read_bytes())
    data[3 * 4096 :] = bytes(byte ^ 0x55 for byte in data[3 * 4096 :])
    path.write_bytes(data)


def put_other(path: Path) -> None:
    append_and_fold(other := path.with_name("other.duckdb"), "zoe")
    other.replace(path)


LOSSES = [delete, empty, cut, flip_header, flip_metadata, put_other]


@pytest.mark.parametrize("lose", [*LOSSES[::2], *in_campaign(*LOSSES[1::2])])
def test_a_store_is_restored_and_what_waits_is_stored_once(
    path: Path, folder: Path, lose: Callable[[Path], None]
) -> None:
    lose(path)
    lost = path.read_bytes() if path.exists() else None
    restored = restore(folder, path)
    assert (restored.missing, restored.waiting) == (1, 1)
    assert (None if restored.aside is None else restored.aside.read_bytes()) == lost
    assert agents(path) == ["ada", "bob", "x"]
    assert fold(path).stored == 1
    assert agents(path) == ["ada", "bob", "x", "fay"]
    assert status(path)["problem"] is None


def test_the_command_says_what_is_missing_and_what_to_do(
    path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.unlink()
    assert main(["restore", str(folder), "--store", str(path)]) == 1
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{path}: restored 3 events from the backup of 20")
    assert lines == [
        "the backup ends with seq 2, and the store held events to seq 3: 1 event missing, except those that still "
        "wait in the spool",
        f"1 event in the spool; run python -m ingest fold --store {path} to store them",
    ]


def test_a_backup_that_lacks_nothing_is_restored_with_status_0(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = backup(path, tmp_path / "backup").folder
    path.unlink()
    assert main(["restore", str(folder), "--store", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_restore_elsewhere_puts_everything_back(path: Path, folder: Path, tmp_path: Path) -> None:
    new = tmp_path / "new" / "log.duckdb"
    restored = restore(folder, new)
    assert restored.missing is None
    assert "nothing is remembered of the store here" in restored.text()
    assert restored.files == ("log.duckdb.state.sqlite", "log.duckdb.rejects.jsonl")
    assert (agents(new), views.read(new), count_rejects(new)) == (["ada", "bob", "x"], views.read(path), 1)
    append_and_fold(new, "gus")
    assert agents(new) == ["ada", "bob", "x", "gus"]


def test_a_store_with_events_of_its_own_is_replaced_by_force_only(path: Path, folder: Path) -> None:
    before = content(path.parent)
    with pytest.raises(
        AuditStoreError, match=r"ends with seq 3, and the backup with seq 2; nothing .* --force"
    ):
        restore(folder, path)
    assert content(path.parent) == before
    restored = restore(folder, path, force=True)
    assert restored.missing == 1
    assert restored.aside is not None
    assert agents(restored.aside) == ["ada", "bob", "x", "eve"]
    assert agents(path) == ["ada", "bob", "x"]


def test_another_store_is_replaced_by_force_only(folder: Path, tmp_path: Path) -> None:
    append_and_fold(other := tmp_path / "other.duckdb", "zoe")
    with pytest.raises(AuditStoreError, match="is another store"):
        restore(folder, other)
    assert restore(folder, other, force=True).missing is None
    assert agents(other) == ["ada", "bob", "x"]


def test_a_restore_may_be_repeated(path: Path, folder: Path) -> None:
    path.unlink()
    for missing in (1, 0):
        assert restore(folder, path).missing == missing
    assert agents(path) == ["ada", "bob", "x"]


def test_what_is_beside_the_store_stays_and_what_is_missing_comes_back(path: Path, folder: Path) -> None:
    path.unlink()
    views.save(path, "logins", {"activity": ["Login"]}, replace=False, at_most=9)
    path.with_name("audit.duckdb.rejects.jsonl").unlink()
    assert restore(folder, path).files == ("audit.duckdb.rejects.jsonl",)
    assert set(views.read(path)) == {"failures", "logins"}
    assert count_rejects(path) == 1


def test_a_damaged_state_is_moved_aside_and_comes_back(path: Path, folder: Path) -> None:
    state = database.path_of(path)
    state.write_bytes(b"garbage" * 1000)
    state.with_name(f"{state.name}-wal").write_bytes(b"old")
    assert restore(folder, path, force=True).files == (state.name,)
    assert list(views.read(path)) == ["failures"]
    aside = {file.read_bytes()[:3] for file in path.parent.glob(f"{state.name}.replaced-*")}
    assert aside >= {b"gar", b"old"}


def test_events_of_a_segment_that_was_set_aside_after_the_backup_come_back(
    path: Path, tmp_path: Path
) -> None:
    def drop(name: str, text: str) -> None:
        (spool_dir(path) / name).write_text(text)
        fold(path)

    line = '{"agent": "%s", "activity": "Login", "event_id": "%s"}\nbad\n'
    drop("early.ndjson", line % ("early", 1))
    folder = backup(path, tmp_path / "backup").folder
    drop("late.ndjson", line % ("late", 2))
    path.unlink()
    restored = restore(folder, path)
    assert (restored.returned, len(set_aside(path))) == (1, 1)
    assert "1 segment set aside since the backup included" in restored.text()
    fold(path)
    assert agents(path) == ["ada", "bob", "x", "early", "late"]


def test_rejects_that_are_not_listed_yet_survive_a_restore(path: Path, tmp_path: Path) -> None:
    """A fold committed, and was killed before it listed its rejects and after its segments were gone."""
    folder = backup(path, tmp_path / "backup").folder
    held = spool_dir(path) / "019589ab-0000-7000-8000-000000000000-1-from-x.rejects"
    held.write_text('{"file": "x", "line": 1, "reason": "r", "raw": "t"}\n')
    path.unlink()
    restore(folder, path)
    fold(path)
    assert (count_rejects(path), held.exists()) == (2, False)


def damage_store(folder: Path) -> None:
    data = bytearray((folder / "audit.duckdb").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "audit.duckdb").write_bytes(data)


def change_side_file(folder: Path) -> None:
    (folder / "audit.duckdb.rejects.jsonl").write_text("{}\n")


def lose_file(folder: Path) -> None:
    (folder / "audit.duckdb.state.sqlite").unlink()


def in_manifest(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / "manifest.json").read_text()
        assert old in text
        (folder / "manifest.json").write_text(text.replace(old, new))

    return change


DAMAGES: list[tuple[Callable[[Path], None], str]] = [
    (damage_store, "audit.duckdb was changed or is damaged: its hash is not that of manifest.json"),
    (change_side_file, r"rejects.jsonl was changed or is damaged: its size \(3 bytes\) is not"),
    (lose_file, "state.sqlite is missing"),
    (lambda folder: (folder / "manifest.json").unlink(), "is not a backup: it has no manifest.json"),
    (shutil.rmtree, "is not a backup"),
    (in_manifest("{", "["), "manifest.json is damaged"),
    (in_manifest('"events": 3', '"events": "3"'), "manifest.json is damaged"),
    (in_manifest('"events": 3', '"events": 2'), "does not hold the 2 events of its manifest"),
    (in_manifest('"audit.duckdb":', '"../audit.duckdb":'), "does not list audit.duckdb|is missing"),
    (in_manifest('_version": 1', '_version": 2'), "has version 2, and this program knows 1"),
]


@pytest.mark.parametrize(("damage", "says"), DAMAGES)
def test_a_damaged_backup_replaces_nothing(
    path: Path, folder: Path, damage: Callable[[Path], None], says: str
) -> None:
    damage(folder)
    before = content(path.parent)
    with pytest.raises(AuditStoreError, match=says):
        restore(folder, path, force=True)
    assert content(path.parent) == before


def test_a_restore_waits_for_a_fold(path: Path, folder: Path) -> None:
    path.unlink()
    with no_fold(path, 0), pytest.raises(StoreBusy):
        restore(folder, path, wait=0.1)
    assert not path.exists()


def test_files_keep_the_owner_and_mode_of_what_they_replace(path: Path, folder: Path) -> None:
    path.chmod(0o640)
    restore(folder, path, force=True)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_restores_for_the_owner_of_the_folder(path: Path, folder: Path) -> None:
    for item in path.parent.iterdir():
        item.unlink() if item.is_file() and "spool" not in item.name else None
    os.chown(path.parent, 12345, 12345)
    restore(folder, path)
    owners = {item.name: item.stat().st_uid for item in path.parent.glob("audit.duckdb*") if item.is_file()}
    assert {owners[name] for name in ("audit.duckdb", "audit.duckdb.state.sqlite")} == {12345}


def test_a_link_to_a_store_stays_a_link(path: Path, folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "links" / "audit.duckdb"
    link.parent.mkdir()
    link.symlink_to(path)
    restore(folder, link, force=True)
    assert link.is_symlink()
    assert agents(link) == agents(path) == ["ada", "bob", "x"]


def test_the_restored_store_is_remembered(path: Path, folder: Path) -> None:
    path.unlink()
    restore(folder, path)
    remembered = memory.read(path)
    assert remembered is not None
    assert remembered.last_seq == 2
    path.unlink()
    append(agent="gus", activity="Login", store=path, fold=False)
    assert "is missing" in str(status(path)["problem"])


def test_a_backup_may_be_read_in_its_place(folder: Path) -> None:
    with sqlite3.connect(folder / "audit.duckdb.state.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM views").fetchone() == (1,)
    connection.close()
    assert agents(folder / "audit.duckdb") == ["ada", "bob", "x"]
    assert waiting_events(folder / "audit.duckdb") == 0
