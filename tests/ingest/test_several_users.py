"""Several users share a store: everything is stored, whoever folds, and nobody reads what others keep from them."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_store import file_lock
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.state import marks
from audit_store.state.marks import MarkRow
from audit_store.store_files import spool_dir
from ingest import append, append_many, fold_scheduler
from ingest.__main__ import main
from ingest.fold import fold
from ingest.rejects import rejects_path
from ingest.resident import is_resident, resident
from ingest.running_imports import running_import
from ingest.status import status, words
from tests.conftest import in_campaign
from tests.users import ADA, BOB, GROUP, as_user, needs_root, new_store, shared_folder

pytestmark = needs_root
SECRET = "the text of a private key"


@pytest.fixture
def store() -> Iterator[Path]:
    with shared_folder() as folder:
        yield new_store(folder)


@pytest.fixture(scope="module", autouse=True)
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything is imported before a child becomes a user who may not read this Python's folder."""
    store = tmp_path_factory.mktemp("loaded") / "audit.duckdb"
    private_folds(store)
    command(store, "root")
    main(["status", "--store", str(store)])
    file_lock.describe(os.getpid())


def events(store: Path) -> int:
    opened = open_store(store)
    with opened.read() as reader:
        return int(reader.one(opened.queries.extent())[0])


def command(store: Path, agent: str) -> int:
    return main(["append", "--agent", agent, "--activity", "Login", "--store", str(store)])


def drop(store: Path, uid: int, content: str, mode: int, name: str = "x.ndjson") -> Path:
    """A file that a user moves into the spool."""
    path = spool_dir(store) / name
    path.write_text(content)
    os.chown(path, uid, GROUP)
    path.chmod(mode)
    return path


def modes(store: Path) -> dict[str, str]:
    """The mode and group of every file and folder beside the store, by name."""
    found = {}
    for path in store.parent.rglob("*"):
        info = path.stat()
        found[str(path.relative_to(store.parent))] = f"{stat.S_IMODE(info.st_mode):o} {info.st_gid}"
    return found


def private_folds(store: Path) -> None:
    """What a dashboard does, with a fold that rejects something and an import that runs."""
    with resident(store), running_import(store) as running:
        running.add("a")
        append(agent="ada", activity="Login", store=store, fold=False)
        append_many([{"agent": "ada", "activity": "Login"}], store=store, fold=False)
        (spool_dir(store) / "bad.ndjson").write_text("nonsense\n")
        fold(store)
        append(agent="ada", activity="Login", store=store, fold=False)
        marks.insert(store, MarkRow([], "acknowledged", "", "ada", "2026-03-14T09:26:53Z"))


def test_everything_beside_a_store_has_its_mode_and_group_whatever_the_umask(store: Path) -> None:
    assert as_user(ADA, lambda: private_folds(store), umask=0o077).output == ""
    found = modes(store)
    folders = {name: mode for name, mode in found.items() if (store.parent / name).is_dir()}
    # What another program puts into the spool has the mode that it gives it.
    own = {name: mode for name, mode in found.items() if name not in folders and "bad" not in name}
    assert set(folders.values()) == {f"2770 {GROUP}"}
    assert set(own.values()) == {f"660 {GROUP}"}
    assert {Path(name).suffix for name in own} >= {".duckdb", ".open", ".jsonl", ".json", ".sqlite", ".room"}
    assert {"folding", "resident"} <= {Path(name).name for name in own}


def test_two_users_append_and_either_folds(store: Path) -> None:
    assert as_user(ADA, lambda: command(store, "ada"), umask=0o077).status == 0
    for uid in (BOB, ADA, BOB):
        assert as_user(uid, lambda: command(store, "again"), umask=0o077).status == 0
    assert events(store) == 4
    assert status(store)["waiting"] == 0


def test_a_fold_that_was_killed_stops_no_other_user(store: Path) -> None:
    def killed() -> None:
        append(agent="ada", activity="Login", store=store, fold=False)
        with open_store(store).write() as connection:
            connection.execute("SET wal_autocheckpoint = '1GB'")
            connection.execute("CREATE TABLE other (number INTEGER)")
            os._exit(9)

    assert as_user(ADA, killed, umask=0o077).status == 9
    assert store.with_name(f"{store.name}.wal").stat().st_size > 0
    assert as_user(BOB, lambda: fold(store).stored - 1).status == 0
    assert events(store) == 1


def test_a_store_of_one_user_stays_private(store: Path) -> None:
    store.chmod(0o600)
    os.chown(store, ADA, GROUP)
    assert as_user(ADA, lambda: command(store, "ada")).status == 0
    assert {mode.split()[0] for mode in modes(store).values()} == {"600", "2700"}


@pytest.mark.parametrize("name", ["resident", "folding"])
def test_an_append_is_stored_with_status_0_beside_a_lock_that_its_user_may_not_open(
    store: Path, name: str
) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    lock = spool_dir(store) / name
    lock.touch()
    os.chown(lock, ADA, GROUP)
    lock.chmod(0o600)
    outcome = as_user(BOB, lambda: command(store, "bob"))
    assert (outcome.status, len(outcome.output.splitlines())) == (0, 1)

    def library() -> None:
        append(agent="bob", activity="Login", store=store)
        append_many([{"agent": "bob", "activity": "Login"}], store=store)
        fold_scheduler._at_exit()

    assert as_user(BOB, library).output == ""
    assert as_user(ADA, lambda: fold(store) and None).output == ""
    assert events(store) == 4


def test_a_lock_that_may_not_be_opened_names_its_owner_and_what_to_do(store: Path) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    lock = spool_dir(store) / "folding"
    lock.chmod(0o600)
    outcome = as_user(BOB, lambda: main(["fold", "--store", str(store)]))
    assert outcome.status == 2
    assert f"{lock} cannot be opened: it belongs to user" in outcome.output
    assert f"with mode 0600; that user, or root, can run chmod 660 {lock}" in outcome.output


def test_a_lock_gets_the_mode_of_the_store_back_when_its_owner_takes_it(store: Path) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    (spool_dir(store) / "folding").chmod(0o600)
    as_user(ADA, lambda: command(store, "ada"))
    assert as_user(BOB, lambda: command(store, "bob")).status == 0
    assert events(store) == 3


def test_a_lock_that_another_user_holds_names_the_process(store: Path) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    room = store.with_name(f"{store.name}.room")
    with file_lock.locked(room, fcntl.LOCK_EX, time.monotonic()):

        def read() -> None:
            with open_store(store).read(wait=0.05):
                pass

        output = as_user(BOB, read).output
    assert StoreBusy.__name__ in output
    assert f"{room} is locked by PID {os.getpid()} (" in output
    assert ", user root)" in output


def test_a_resident_of_another_user_is_seen(store: Path) -> None:
    def watched() -> int:
        with resident(store):
            return as_user_of_child()

    def as_user_of_child() -> int:
        reader = os.fork()
        if reader == 0:
            os._exit(0 if is_resident(store) else 1)
        return os.waitstatus_to_exitcode(os.waitpid(reader, 0)[1])

    assert as_user(ADA, watched, umask=0o077).status == 0


LINKS = ["x.ndjson", "x.rejects", "x.import", "x.parquet", "00000000-0000-7000-8000-000000000000-1.open"]


@pytest.mark.parametrize("name", [*LINKS[:2], *in_campaign(*LINKS[2:])])
def test_a_link_to_a_file_of_the_user_who_folds_gives_nobody_its_text(store: Path, name: str) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    secret = store.parent / "secret.key"
    secret.write_text(SECRET + "\n")
    os.chown(secret, ADA, ADA)
    secret.chmod(0o600)
    as_user(BOB, lambda: (spool_dir(store) / name).symlink_to(secret))
    as_user(ADA, lambda: command(store, "ada"))
    assert as_user(ADA, lambda: fold(store) and None).status == 0
    assert events(store) == 2
    assert secret.read_text() == SECRET + "\n"
    assert leaks(store, secret) == []


def test_a_link_in_place_of_held_rejects_gives_nobody_its_text(store: Path) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    secret = store.parent / "secret.key"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    as_user(BOB, lambda: append(agent="bob", activity="Login", store=store, fold=False) and None)
    [segment] = spool_dir(store).glob("*.open")
    as_user(ADA, lambda: fold(store) and None)
    held = segment.with_suffix(".rejects")
    as_user(BOB, lambda: held.symlink_to(secret))
    append(agent="root", activity="Login", store=store, fold=False)
    assert fold(store).stored == 1
    assert leaks(store, secret) == []
    assert [left["name"] for left in status(store)["not_folded"]] == [held.name]


@pytest.mark.parametrize(
    "target", [rejects_path, lambda store: spool_dir(store) / "folding", marks.json_path]
)
def test_no_file_beside_a_store_is_written_through_a_link(store: Path, target: object) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    path, victim = target(store), store.parent / "victim"  # type: ignore[operator]
    path.unlink(missing_ok=True)
    victim.write_text("as it was\n")
    as_user(BOB, lambda: path.symlink_to(victim))
    drop(store, BOB, "nonsense\n", 0o666)
    as_user(ADA, lambda: main(["fold", "--store", str(store)]))
    assert victim.read_text() == "as it was\n"


def test_a_held_file_with_another_name_elsewhere_is_not_listed(store: Path) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    secret = store.parent / "secret.key"
    secret.write_text(SECRET + "\n")
    held = spool_dir(store) / "x.rejects"
    held.hardlink_to(secret)
    fold(store)
    assert leaks(store, secret, held) == []
    assert [left["name"] for left in status(store)["not_folded"]] == [held.name]


def leaks(store: Path, *allowed: Path) -> list[str]:
    """The files beside the store that others may read and that hold the secret."""
    return [
        path.name
        for path in store.parent.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and path not in allowed
        and path.stat().st_mode & 0o044
        and SECRET.encode() in path.read_bytes()
    ]


BAD = [
    f"{SECRET}\n",
    f'{{"agent": "", "activity": "Login", "description": "{SECRET}"}}\n',
    f'{{"{SECRET}": 1}}\n',
]


@pytest.mark.parametrize("content", BAD)
def test_the_text_of_a_file_that_only_its_owner_may_read_is_not_listed_for_all(
    store: Path, content: str
) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    path = drop(store, BOB, content, 0o600)
    assert fold(store).rejected == 1
    listed = rejects_path(store).read_text()
    assert "fewer users may read the segment than this list" in listed
    assert '"line": 1' in listed
    assert leaks(store) == []
    [kept] = (spool_dir(store) / "set-aside").iterdir()
    assert (stat.S_IMODE(kept.stat().st_mode), kept.stat().st_uid) == (0o600, BOB)
    assert kept.read_text() == content
    assert not path.exists()


def test_the_text_of_a_file_that_the_group_may_read_is_listed(store: Path) -> None:
    as_user(ADA, lambda: command(store, "ada"))
    drop(store, BOB, f"{SECRET}\n", 0o640)
    assert as_user(ADA, lambda: fold(store).rejected).status == 1
    assert SECRET in rejects_path(store).read_text()


def test_a_conflict_of_a_file_that_only_its_owner_may_read_is_set_aside(store: Path) -> None:
    event = '{"agent": "%s", "activity": "Login", "event_id": "k", "description": "%s"}\n'
    spool_dir(store).mkdir()
    drop(store, ADA, event % ("ada", ""), 0o600, "a.ndjson")
    fold(store)
    drop(store, BOB, event % ("bob", SECRET), 0o600, "b.ndjson")
    assert fold(store).conflicts == 1
    assert "fewer users may read" in rejects_path(store).read_text()
    assert leaks(store) == []
    [kept] = (spool_dir(store) / "set-aside").iterdir()
    assert SECRET in kept.read_text()


def test_only_segments_of_accepted_owners_are_folded(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_OWNERS", f"root, {ADA}")
    for uid in (ADA, BOB):
        as_user(uid, lambda: append(agent="a", activity="Login", store=store, fold=False) and None)
    append(agent="root", activity="Login", store=store, fold=False)
    assert fold(store).stored == 2
    [left] = status(store)["not_folded"]
    assert "AUDIT_OWNERS does not name its owner" in left["reason"]
    assert left["name"] in words(status(store))
    monkeypatch.delenv("AUDIT_OWNERS")
    assert fold(store).stored == 1


def test_an_owner_that_this_system_does_not_know_folds_nothing_and_is_named(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_OWNERS", "root, nobody-of-this-name")
    append(agent="root", activity="Login", store=store, fold=False)
    with pytest.raises(
        AuditStoreError, match="AUDIT_OWNERS: 'nobody-of-this-name' cannot be used: give names"
    ):
        fold(store)
    assert "AUDIT_OWNERS: 'nobody-of-this-name' cannot be used" in words(status(store))


def test_a_spool_that_a_user_may_not_list_is_named_in_their_status(store: Path) -> None:
    as_user(ADA, lambda: append(agent="ada", activity="Login", store=store, fold=False) and None)
    spool_dir(store).chmod(0o700)
    outcome = as_user(BOB, lambda: main(["status", "--store", str(store)]))
    assert outcome.status == 0
    assert f"{spool_dir(store)} cannot be listed: Permission denied" in outcome.output


def test_in_a_sticky_spool_a_fold_of_its_owner_takes_everything(store: Path) -> None:
    spool_dir(store).mkdir()
    os.chown(spool_dir(store), ADA, GROUP)
    spool_dir(store).chmod(0o3770)
    for uid in (ADA, BOB):
        as_user(uid, lambda: append(agent="a", activity="Login", store=store, fold=False) and None)
    assert as_user(BOB, lambda: command(store, "bob")).status == 0
    assert as_user(ADA, lambda: fold(store).rejected).status == 0
    assert events(store) == 3
    assert status(store)["not_folded"] == []
