"""The SQLite file beside a store: durable, shared, and clear about what is wrong with it."""

import errno
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_store.errors import (
    NOT_STORED,
    UNKNOWN,
    AuditStoreError,
    SpoolFull,
    StoreBusy,
    StoreCorrupt,
    StoreNewer,
)
from audit_store.state import database, deliveries, exceptions, marks, row_checksums, tokens, triage, views
from tests import ROOT, forked
from tests.audit_store.state.stores import SINK, exception_row, mark_row, message, rows, token_row, triage_row

READS: list[Callable[[Path], object]] = [
    views.read,
    views.default,
    marks.read,
    triage.read,
    exceptions.read,
    tokens.read,
    lambda store: deliveries.read(store, SINK),
]
WRITES: list[Callable[[Path], object]] = [
    lambda store: views.save(store, "mine", {}, replace=True, at_most=9),
    lambda store: views.delete(store, "mine"),
    lambda store: views.set_default(store, "mine"),
    lambda store: marks.insert(store, mark_row()),
    lambda store: triage.insert(store, triage_row()),
    lambda store: exceptions.insert(store, exception_row()),
    lambda store: exceptions.withdraw(store, 1, "", ""),
    lambda store: tokens.insert(store, token_row()),
    lambda store: tokens.revoke(store, "", ""),
    lambda store: deliveries.add(store, SINK, [message("a")]),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.fixture
def state(path: Path) -> Path:
    """The file of a store with one mark."""
    marks.insert(path, mark_row("first"))
    return database.path_of(path)


def test_reading_creates_nothing(path: Path) -> None:
    assert [bool(read(path)) for read in READS] == [False] * len(READS)
    assert list(path.parent.iterdir()) == []


def test_one_file_is_left_when_an_operation_ends(path: Path, state: Path) -> None:
    marks.read(path)
    assert list(path.parent.iterdir()) == [state]


def test_every_transaction_is_synchronised_in_write_ahead_mode(path: Path, state: Path) -> None:
    with database.transaction(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA user_version").fetchone() == (database.SCHEMA_VERSION,)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_new_file_has_the_mode_of_the_store(path: Path, mode: int) -> None:
    path.touch()
    path.chmod(mode)
    marks.insert(path, mark_row())
    assert stat.S_IMODE(database.path_of(path).stat().st_mode) == mode


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_new_file_needs_no_hard_links_and_replaces_none(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    link = os.link

    def unsupported(*_: object) -> None:
        monkeypatch.setattr(os, "link", link)
        marks.insert(path, mark_row("from another process"))
        monkeypatch.setattr(os, "link", unsupported)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", unsupported)
    marks.insert(path, mark_row("first"))
    assert [mark.note for mark in marks.read(path)] == ["from another process", "first"]


def test_a_transaction_that_raises_is_undone(path: Path, state: Path) -> None:
    def interrupted() -> None:
        with database.transaction(path) as connection:
            connection.execute("DELETE FROM marks")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert rows(path, "marks") == 1


def test_text_that_is_not_unicode_is_refused(path: Path, state: Path) -> None:
    with pytest.raises(
        AuditStoreError, match=r"'a.*b' has an unpaired surrogate; text must be valid Unicode"
    ):
        marks.insert(path, mark_row("a\ud800b"))
    assert rows(path, "marks") == 1


@pytest.mark.parametrize("note", ["a\0b", "\r\n\x1b[2J", "ünal 日本 \U0001f600", "x" * 100_000])
def test_any_other_text_is_read_as_it_was_written(path: Path, note: str) -> None:
    marks.insert(path, mark_row(note))
    assert [mark.note for mark in marks.read(path)] == [note]


DAMAGE: list[tuple[str, Callable[[Path], object], str]] = [
    ("no database", lambda file: file.write_bytes(b"x" * 5000), "is damaged: file is not a database"),
    ("empty", lambda file: file.write_bytes(b""), "does not hold saved views"),
    ("cut short", lambda file: os.truncate(file, 4096), "is damaged"),
    (
        "another program's",
        lambda file: statement(file, "PRAGMA application_id = 7"),
        "does not hold saved views",
    ),
    ("a missing table", lambda file: statement(file, "DROP TABLE imported"), "no such table: imported"),
]


def statement(file: Path, sql: str) -> None:
    with sqlite3.connect(file) as connection:
        row_checksums.register(connection)
        connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(("harm", "words"), [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE])
def test_damage_names_the_file_and_the_next_step(
    path: Path, state: Path, harm: Callable[[Path], object], words: str
) -> None:
    harm(state)
    before = state.read_bytes()
    for operation in READS + WRITES:
        with pytest.raises(StoreCorrupt) as refusal:
            operation(path)
        assert str(state) in str(refusal.value)
        assert words in str(refusal.value)
        assert "move it away" in str(refusal.value)
        assert refusal.value.stored == NOT_STORED
    assert state.read_bytes() == before


def test_a_row_that_is_not_json_is_damage(path: Path, state: Path) -> None:
    statement(state, "UPDATE marks SET spans = '{'")
    with pytest.raises(StoreCorrupt, match="a row is not JSON"):
        marks.read(path)


def test_a_file_of_a_newer_version_is_refused(path: Path, state: Path) -> None:
    statement(state, f"PRAGMA user_version = {database.SCHEMA_VERSION + 1}")
    for operation in READS + WRITES:
        with pytest.raises(StoreNewer, match="update this program"):
            operation(path)


def test_waiting_for_another_program_is_bounded(
    path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 0.05)
    with database.transaction(path):
        with pytest.raises(StoreBusy, match="in use by another program; try again") as refusal:
            marks.insert(path, mark_row())
        assert refusal.value.stored == NOT_STORED
        assert [mark.note for mark in marks.read(path)] == ["first"], "readers do not wait for a writer"


class Failing(sqlite3.Connection):
    """A connection whose COMMIT fails with an error of the disk."""

    code = sqlite3.SQLITE_IOERR_FSYNC

    def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:  # type: ignore[override]
        if sql == "COMMIT":
            error = sqlite3.OperationalError("disk failure")
            error.sqlite_errorcode = self.code
            raise error
        return super().execute(sql, *parameters)


class Full(Failing):
    code = sqlite3.SQLITE_FULL


@pytest.mark.parametrize(
    ("factory", "kind", "stored"), [(Failing, AuditStoreError, UNKNOWN), (Full, SpoolFull, NOT_STORED)]
)
def test_an_error_says_whether_the_change_is_stored(
    path: Path,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    factory: type[sqlite3.Connection],
    kind: type[AuditStoreError],
    stored: str,
) -> None:
    connect = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, factory=factory, **more))
        with pytest.raises(kind, match=r"state\.sqlite") as refusal:
            marks.insert(path, mark_row("second"))
    assert refusal.value.stored == stored
    assert rows(path, "marks") == 1


READ_ONLY_USER = """
import os, sys
from pathlib import Path
from audit_store.errors import AuditStoreError
from audit_store.state import marks
from tests.audit_store.state.stores import mark_row
if os.geteuid() == 0:
    os.setuid(65534)
store = Path(sys.argv[1])
print([mark.note for mark in marks.read(store)])
try:
    marks.insert(store, mark_row())
except AuditStoreError as error:
    print(error, error.stored)
"""


@pytest.mark.processes
@pytest.mark.parametrize("has_database", [True, False])
def test_a_read_only_folder_is_read(has_database: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.duckdb"
        line = (
            (Path(__file__).parent / "version_0_1_0" / "audit.store.marks.jsonl").read_text().splitlines()[1]
        )
        marks.json_path(path).write_text(line.replace('"note":""', '"note":"from JSON"'))
        if has_database:
            marks.insert(path, mark_row("first"))
            database.path_of(path).chmod(0o444)
        Path(folder).chmod(0o555)
        done = forked.run(
            [sys.executable, "-c", READ_ONLY_USER, path],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        Path(folder).chmod(0o755)
        assert sorted(file.name for file in Path(folder).iterdir()) == sorted(
            [marks.json_path(path).name] + [database.path_of(path).name] * has_database
        )
    notes, refusal = done.stdout.splitlines()
    assert notes == ("['from JSON', 'first']" if has_database else "['from JSON']")
    assert refusal.startswith(f"{database.path_of(path)} cannot be ")
    assert refusal.endswith(NOT_STORED)


WRITER = """
import errno, os, sys
from pathlib import Path
from audit_store.state import marks
from tests.audit_store.state.stores import mark_row
def unsupported(*_):
    raise OSError(errno.EPERM, "hard links are not supported")
if sys.argv[3] == "no links":
    os.link = unsupported
for number in range(25):
    marks.insert(Path(sys.argv[1]), mark_row(f"{sys.argv[2]}-{number}"))
"""


@pytest.mark.processes
@pytest.mark.parametrize(("links", "locks"), [("links", []), ("no links", ["audit.duckdb.state.lock"])])
def test_processes_that_write_at_once_lose_nothing(path: Path, links: str, locks: list[str]) -> None:
    writers = [forked.Popen([sys.executable, "-c", WRITER, path, name, links], cwd=ROOT) for name in "abcd"]
    while any(writer.poll() is None for writer in writers):
        marks.read(path)
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    assert sorted(mark.note for mark in marks.read(path)) == sorted(
        f"{n}-{i}" for n in "abcd" for i in range(25)
    )
    assert sorted(file.name for file in path.parent.iterdir()) == [*locks, database.path_of(path).name]


KILLED = """
import os, sys
from pathlib import Path
from audit_store.state import database, marks
from tests.audit_store.state.stores import mark_row
store = Path(sys.argv[1])
marks.insert(store, mark_row("acknowledged"))
with database.transaction(store) as connection:
    connection.execute("DELETE FROM marks")
    os.kill(os.getpid(), 9)
"""


@pytest.mark.processes
def test_a_killed_writer_leaves_what_was_stored(path: Path) -> None:
    done = forked.run([sys.executable, "-c", KILLED, path], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert [mark.note for mark in marks.read(path)] == ["acknowledged"]
