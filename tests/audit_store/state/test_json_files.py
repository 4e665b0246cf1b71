"""Views, marks and deliveries that JSON files hold are there from the first read on, and are imported once."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_store.errors import AuditStoreError
from audit_store.state import database, deliveries, marks, views
from tests import ROOT, forked
from tests.audit_store.state.stores import SINK, mark_row, message, rows

MADE_BY_0_1_0 = Path(__file__).parent / "version_0_1_0"
VIEWS = {"mine": {"range": ["30d"], "agent": ["ada", "bob"]}, "ünïcode 日本": {"q": ["wrong"]}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with the three JSON files."""
    for file in MADE_BY_0_1_0.iterdir():
        shutil.copy(file, tmp_path / file.name)
    return tmp_path / "audit.store"


def save_view(store: Path) -> None:
    views.save(store, "new", {}, replace=False, at_most=9)


def insert_mark(store: Path) -> None:
    marks.insert(store, mark_row("new"))


def add_delivery(store: Path) -> None:
    deliveries.add(store, SINK, [message("new")])


WRITES = [save_view, insert_mark, add_delivery]


@pytest.mark.parametrize("write", [None, *WRITES])
def test_their_rows_are_read_before_and_after_a_write(
    path: Path, write: Callable[[Path], None] | None
) -> None:
    originals = {file: file.read_bytes() for file in path.parent.iterdir()}
    for _ in range(2):
        if write is not None:
            write(path)
            write = None
        assert {name: kept for name, kept in views.read(path).items() if name != "new"} == VIEWS
        read = [mark for mark in marks.read(path) if mark.note != "new"]
        assert [(mark.verdict, mark.marked_by, len(mark.spans)) for mark in read] == [
            ("acknowledged", "rita", 3),
            ("incident", "", 1),
            ("open", "", 1),
        ]
        assert (read[0].note, read[0].marked_at) == (
            "Called back\n\x1b[31m ünal",
            "2026-03-14T14:00:00.000000Z",
        )
        sent, due = [delivery for delivery in deliveries.read(path, SINK) if delivery.message.key != "new"]
        assert (sent.is_delivered, due.is_delivered) == (True, False)
        assert due.message.sentence == "support-9: 41 <logins> & more; by chance"
        assert due.message.spans[0]["agent"] == "support-9"
        assert f'"key": "{due.message.key}"' in due.message.body
    assert originals.items() <= {file: file.read_bytes() for file in path.parent.iterdir()}.items()


@pytest.mark.parametrize(
    ("write", "table", "expected"),
    [(save_view, "views", 3), (insert_mark, "marks", 5), (add_delivery, "deliveries", 4)],
)
def test_a_second_write_imports_nothing_again(
    path: Path, write: Callable[[Path], None], table: str, expected: int
) -> None:
    write(path)
    if table == "views":
        views.delete(path, "new")
    write(path)
    assert rows(path, table) == expected


def test_a_deleted_view_stays_deleted(path: Path) -> None:
    views.delete(path, "mine")
    assert list(views.read(path)) == ["ünïcode 日本"]


def test_an_imported_delivery_is_acknowledged_like_any_other(path: Path) -> None:
    due = [delivery for delivery in deliveries.add(path, SINK, []) if not delivery.is_delivered]
    for delivery in due:
        deliveries.acknowledge(path, delivery)
    assert len(due) == 1
    assert all(delivery.is_delivered for delivery in deliveries.read(path, SINK))


@pytest.mark.parametrize(
    "torn",
    [
        b'{"kind":"agent","sco',
        b"\xff\xfe\n",
        b"[1]\n",
        b'{"kind":"all"}\n',
        b"\n\n",
        b"\0" * 40,
        b"[" * 10**5,
    ],
)
def test_a_line_that_a_crash_cut_short_is_passed_over(path: Path, torn: bytes) -> None:
    for file in (marks.json_path(path), deliveries.json_path(path)):
        file.write_bytes(file.read_bytes() + torn)
    assert (len(marks.read(path)), len(deliveries.read(path, SINK))) == (3, 2)
    insert_mark(path)
    add_delivery(path)
    assert (len(marks.read(path)), len(deliveries.read(path, SINK))) == (4, 3)


def test_an_unpaired_surrogate_of_json_is_replaced(path: Path) -> None:
    line = marks.json_path(path).read_text().splitlines()[1].replace('"note":""', r'"note":"a\ud800b"')
    marks.json_path(path).write_text(line)
    views.json_path(path).write_text(r'{"version": 1, "views": {"a\ud800b": {"q": ["\ud800"]}}}')
    for _ in range(2):
        assert [mark.note for mark in marks.read(path)][:1] == ["a?b"]
        assert views.read(path)["a?b"] == {"q": ["\ud800"]}
        views.save(path, "new", {}, replace=True, at_most=9)
        insert_mark(path)


@pytest.mark.parametrize(
    ("json_path", "operations"),
    [
        (views.json_path, [views.read, save_view]),
        (marks.json_path, [marks.read, insert_mark]),
        (deliveries.json_path, [lambda store: deliveries.read(store, SINK), add_delivery]),
    ],
)
def test_a_file_that_cannot_be_read_stops_its_own_table_only(
    path: Path, json_path: Callable[[Path], Path], operations: list[Callable[[Path], object]]
) -> None:
    json_path(path).unlink()
    json_path(path).mkdir()
    for operation in operations:
        with pytest.raises(AuditStoreError, match=str(json_path(path))):
            operation(path)
    for write in WRITES:
        if write not in operations:
            write(path)
    assert database.path_of(path).exists()
    json_path(path).rmdir()
    for operation in operations:
        operation(path)


@pytest.mark.processes
def test_processes_that_write_first_at_once_import_once(path: Path) -> None:
    script = "import sys; from pathlib import Path; from tests.audit_store.state.test_json_files import insert_mark;"
    script += "insert_mark(Path(sys.argv[1]))"
    writers = [forked.Popen([sys.executable, "-c", script, path], cwd=ROOT) for _ in range(6)]
    assert [writer.wait() for writer in writers] == [0] * 6
    assert rows(path, "marks") == 3 + 6
