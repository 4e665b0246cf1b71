"""The exit status says what became of the events."""

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from audit_store.errors import NOT_STORED, StoreBusy, StoreCorrupt
from audit_store.store_files import make_spool, spool_dir
from ingest import AuditLogHandler, append, append_many, importer
from ingest.__main__ import main
from tests.ingest.importing.records import GOOD

TIMED = GOOD[:-1] + b',"occurred_at":"2026-03-14T09:26:53Z"}\n'
Output = pytest.CaptureFixture[str]


def text_file(path: Path) -> Path:
    path.write_text("Meeting notes\n" * 100)
    return path


def database(path: Path) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE events AS SELECT 1 AS n")
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def below_a_file(path: Path) -> Path:
    return text_file(path) / "audit.duckdb"


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_bytes(TIMED)
    return file


@pytest.mark.parametrize("make", [text_file, database, folder, pipe, below_a_file])
def test_an_import_into_what_is_no_store_stores_nothing(
    tmp_path: Path, lines: Path, capsys: Output, make: Callable[[Path], Path]
) -> None:
    store = make(tmp_path / "other")
    assert main(["import", str(lines), "--store", str(store)]) == 2
    output = capsys.readouterr()
    assert (output.out, len(output.err.splitlines())) == ("", 1)
    assert str(store) in output.err
    assert any(word in output.err for word in ("name another file", "name a file in it", "move it away"))
    assert not spool_dir(store).exists()


@pytest.mark.parametrize("make", [text_file, database, folder, pipe])
def test_an_append_to_what_is_no_store_stores_nothing_and_says_what_an_import_says(
    tmp_path: Path, lines: Path, capsys: Output, make: Callable[[Path], Path]
) -> None:
    store = make(tmp_path / "other")
    event = {"agent": "ann", "activity": "Login"}
    main(["import", str(lines), "--store", str(store)])
    words = capsys.readouterr().err.replace("ingest import", "ingest append")
    assert main(["append", "--agent", "ann", "--activity", "Login", "--store", str(store)]) == 2
    assert capsys.readouterr().err == words
    with pytest.raises(StoreCorrupt, match=str(store)) as refusal:
        append(**event, store=store)
    assert refusal.value.stored == NOT_STORED
    with pytest.raises(StoreCorrupt, match=str(store)) as refusal:
        append_many([event], store=store)
    assert len(refusal.value.event_ids) == 1
    assert not spool_dir(store).exists()


def test_a_log_handler_refuses_what_is_no_store(tmp_path: Path, capsys: Output) -> None:
    store = text_file(tmp_path / "notes.txt")
    record = logging.LogRecord("app", logging.INFO, "app.py", 1, "hello", None, None)
    AuditLogHandler(store=store).emit(record)
    assert "StoreCorrupt" in capsys.readouterr().err
    assert not spool_dir(store).exists()


def test_events_that_cannot_be_folded_are_status_3_and_say_what_to_do(
    tmp_path: Path, lines: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("held by PID 7; close it there")

    store = tmp_path / "audit.duckdb"
    with monkeypatch.context() as patch:
        patch.setattr(importer, "fold", busy)
        assert main(["import", str(lines), "--store", str(store), "--json"]) == 3
    output = capsys.readouterr()
    assert json.loads(output.out)["waiting"] == 1
    assert "held by PID 7; close it there" in output.err
    assert f"1 event on disk in {store}.spool, but not in the store" in output.err
    assert f"python -m ingest fold --store {store}" in output.err
    assert main(["fold", "--store", str(store)]) == 0
    assert main(["import", str(lines), "--store", str(store)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("read 1, stored 0, duplicate 1")


def test_a_store_that_was_damaged_later_keeps_what_is_imported_in_the_spool(
    tmp_path: Path, lines: Path, capsys: Output
) -> None:
    store = tmp_path / "audit.duckdb"
    assert main(["import", str(lines), "--store", str(store)]) == 0
    store.write_bytes(bytes(range(256)) * 4096)
    lines.write_bytes(TIMED.replace(b'"a"', b'"c"'))
    assert main(["import", str(lines), "--store", str(store)]) == 3
    assert f"{store} cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nightly.jsonl", "nightly.NDJSON", "nightly.json", "nightly.ndjson.gz"])
def test_a_fold_names_files_that_it_does_not_take(tmp_path: Path, capsys: Output, name: str) -> None:
    store = tmp_path / "audit.duckdb"
    make_spool(store)
    (spool_dir(store) / name).write_bytes(GOOD + b"\n")
    append(agent="ada", activity="Login", store=store, fold=False)
    assert main(["fold", "--store", str(store)]) == 3
    output = capsys.readouterr()
    assert output.out.startswith("stored 1,")
    assert f"{name}: not a name of the spool; rename it to *.ndjson" in output.err
    assert main(["status", "--store", str(store)]) == 0
    assert f"not folded {name}: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "arguments", "status"),
    [
        (TIMED, (), 0),
        (TIMED + b"nonsense\n", (), 1),
        (TIMED + b"nonsense\n", ("--strict",), 1),
        (TIMED[:-2] + b',"event_id":"k"}\n' + TIMED[:-2] + b',"event_id":"k","target":"t"}\n', (), 1),
        (TIMED, ("--format", "nonsense"), 2),
        (TIMED, ("--rejects", "/nowhere/at/all"), 0),
        (TIMED + b"nonsense\n", ("--rejects", "/nowhere/at/all"), 2),
    ],
)
def test_the_status_of_an_import(
    tmp_path: Path, lines: Path, content: bytes, arguments: tuple[str, ...], status: int
) -> None:
    lines.write_bytes(content)
    assert main(["import", str(lines), "--store", str(tmp_path / "audit.duckdb"), *arguments]) == status
