"""An error of the system is one line of a command, which says what failed, where, and what to do."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import alarms.__main__
import audit_store.__main__
import demo.__main__
import ingest.__main__
from audit_store.backup.backup import backup
from ingest import append
from ingest.fold import fold
from tests.faults import disk_full
from tests.users import ADA, as_user, needs_root, shared_folder

Main = Callable[[Sequence[str]], int]
INGEST, STORE = ingest.__main__.main, audit_store.__main__.main
ALARMS, DEMO = alarms.__main__.main, demo.__main__.main
EXPORT = ("export", "--format", "csv", "--range", "all", "--output", "out.csv")
COMMANDS: dict[str, tuple[Main, tuple[str, ...]]] = {
    "append": (INGEST, ("append", "--agent", "a", "--activity", "b")),
    "import": (INGEST, ("import", "events.jsonl")),
    "fold": (INGEST, ("fold",)),
    "status": (INGEST, ("status",)),
    "export": (STORE, EXPORT),
    "accept": (STORE, ("accept",)),
    "repair": (STORE, ("repair",)),
    "backup": (STORE, ("backup", "new")),
    "restore": (STORE, ("restore", "backup")),
    "spikes": (ALARMS, ("spikes",)),
}
WRITING = ("append", "import", "fold", "restore")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, a backup of it, a file to import, a file and a folder in the way."""
    folder = tmp_path_factory.mktemp("template")
    store = folder / "audit.duckdb"
    append(agent="ada", activity="Login", store=store, fold=False)
    fold(store)
    backup(store, folder / "backup")
    (folder / "events.jsonl").write_text(
        '{"agent": "a", "activity": "b", "occurred_at": "2026-03-14T09:26:53Z"}\n'
    )
    (folder / "bad.jsonl").write_text("bad\n")
    (folder / "file").write_text("x")
    (folder / "folder").mkdir()
    (folder / "folder.toml").mkdir()
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: a copy of `template`."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def read_only(folder: Path) -> Iterator[Path]:
    """A file system with a copy of the store, on which nothing can be written."""
    place = folder / "read-only"
    place.mkdir()
    with disk_full.mounted(place, 8_000):
        shutil.copyfile(folder / "audit.duckdb", place / "audit.duckdb")
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield place


def error_of(main: Main, arguments: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The line that a command which could do nothing writes."""
    status = main(arguments)
    lines = capsys.readouterr().err.splitlines()
    assert (status, len(lines)) == (2, 1), lines
    assert "Errno" not in lines[0]
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("store", "says"),
    [
        ("file/audit.duckdb", "/file.*: (a part of the path is not a folder|another file has this name); "),
        ("folder", "folder is a folder; name a file in it, such as folder/audit.duckdb"),
        ("n" * 300, "n{300}.*: the name is too long; choose a shorter one"),
    ],
)
def test_a_store_that_cannot_be_there(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, store: str, says: str
) -> None:
    main, arguments = COMMANDS[command]
    error = error_of(main, [*arguments, "--store", store], capsys)
    matches(error, rf"^python -m \w+ {command}: .*{says}")
    assert (folder / "folder").is_dir()
    assert not (folder / "new").exists()


def matches(error: str, pattern: str) -> None:
    """Whether a line has a pattern in it."""
    assert re.search(pattern, error), error


@pytest.mark.skipif(not disk_full.CAN_MOUNT, reason="only root may mount a small file system")
@pytest.mark.parametrize("command", WRITING)
def test_a_read_only_file_system(read_only: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    main, arguments = COMMANDS[command]
    error = error_of(main, [*arguments, "--store", f"{read_only}/audit.duckdb"], capsys)
    matches(error, rf"{read_only}/audit.duckdb.spool: its file system is read-only; name a place elsewhere")


@pytest.mark.parametrize("command", WRITING)
def test_a_file_in_the_place_of_the_spool(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    shutil.rmtree(folder / "audit.duckdb.spool")
    (folder / "audit.duckdb.spool").write_text("x")
    main, arguments = COMMANDS[command]
    error = error_of(main, [*arguments, "--store", str(folder / "audit.duckdb")], capsys)
    matches(error, r"audit.duckdb.spool: .*another file has this name; move it away")


FILES: list[tuple[Main, tuple[str, ...], str]] = [
    (STORE, (*EXPORT[:-1], "missing/x.csv"), "missing/x.csv.*: it does not exist; check the path"),
    (STORE, (*EXPORT[:-1], "file/x.csv"), "file/x.csv.*: a part of the path is not a folder; check the path"),
    (STORE, (*EXPORT[:-1], "folder"), "'folder' is a directory"),
    (STORE, (*EXPORT, "--manifest", "missing/x"), "missing/x.*: it does not exist; check the path"),
    (STORE, ("check-export", "missing"), "missing: it does not exist; check the path"),
    (STORE, ("check-export", "file/x"), "file/x: a part of the path is not a folder"),
    (STORE, ("backup", "missing/new"), "missing is not a folder; create it"),
    (STORE, ("backup", "file/new"), "file is not a folder; create it"),
    (STORE, ("backup", "n" * 300), "the name is too long; choose a shorter one"),
    (STORE, ("restore", "missing"), "missing is not a backup: it has no manifest.json"),
    (STORE, ("restore", "file"), "file/manifest.json: a part of the path is not a folder"),
    (STORE, ("restore", "folder"), "folder is not a backup: it has no manifest.json"),
    (INGEST, ("import", "missing.jsonl"), "'missing.jsonl' does not exist"),
    (INGEST, ("import", "folder"), "'folder' is a directory"),
    (
        INGEST,
        ("import", "events.jsonl", "--format", "missing.toml"),
        "missing.toml: it does not exist; check",
    ),
    (
        INGEST,
        ("import", "events.jsonl", "--format", "folder.toml"),
        "folder.toml: it is a folder; name a file",
    ),
    (
        INGEST,
        ("import", "bad.jsonl", "--yes", "--rejects", "missing/r"),
        "missing/r: it does not exist; check the path",
    ),
    (
        INGEST,
        ("import", "bad.jsonl", "--yes", "--rejects", "file/r"),
        "file/r: a part of the path is not a folder",
    ),
]


@pytest.mark.parametrize(("main", "arguments", "says"), FILES)
def test_a_file_that_cannot_be_read_or_written(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    main: Main,
    arguments: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(folder / "audit.duckdb"))
    matches(error_of(main, arguments, capsys), says)


def test_the_demo_names_what_is_in_its_way(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert DEMO(["--store", "file/x", "--days", "1"]) == 2
    assert "demo: file: another file has this name; move it away" in capsys.readouterr().err


@needs_root
@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_this_user_may_not_read(folder: Path, command: str) -> None:
    main, arguments = COMMANDS[command]
    with shared_folder(0o700) as closed, shared_folder(0o777) as work:
        shutil.copytree(folder / "backup", work / "backup")
        shutil.copy(folder / "events.jsonl", work)

        def run() -> int:
            os.chdir(work)
            return main([*arguments, "--store", f"{closed}/audit.duckdb"])

        outcome = as_user(ADA, run)
    assert (outcome.status, len(outcome.output.splitlines())) == (2, 1), outcome.output
    matches(outcome.output, rf"{closed}.*: .*(this user|by this user)")
    assert "Errno" not in outcome.output
