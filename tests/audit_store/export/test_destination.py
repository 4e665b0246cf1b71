"""An export replaces neither the store nor, unasked, another file; devices and links stay what they are."""

import os
import threading
from pathlib import Path

import pytest

from audit_store.__main__ import main
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from audit_store.store_files import belongs_to
from tests.conftest import Fill

EXPORT = ("export", "--format", "jsonl", "--range", "all")


@pytest.fixture
def filled(store: Store, fill: Fill) -> Path:
    return fill(store, [Event(agent="ada", activity="Login")]).path


def run(store: Path, *arguments: object) -> int:
    return main([*EXPORT, "--store", str(store), *map(str, arguments)])


@pytest.mark.parametrize("option", ["--output", "--manifest"])
@pytest.mark.parametrize(
    "name",
    [
        "audit.duckdb",
        "audit.duckdb.wal",
        "audit.duckdb.state.sqlite",
        "audit.duckdb.rejects.jsonl",
        "audit.duckdb.spool/x.ndjson",
        "./x/../audit.duckdb",
        "link",
        "link-to-folder/audit.duckdb.memory.json",
    ],
)
def test_no_file_of_the_store_is_written(
    filled: Path, option: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = filled.parent
    (folder / "x").mkdir()
    (folder / "link").symlink_to(filled)
    (folder / "link-to-folder").symlink_to(folder)
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert run(filled, "--force", option, folder / name) == 2
    assert "is the store, or a name for a file beside it; name another file" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("existing", ["log.jsonl", "log.jsonl.manifest.json"])
def test_an_existing_file_is_replaced_only_with_force(
    filled: Path, tmp_path: Path, existing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "log.jsonl"
    (tmp_path / existing).write_text("precious")
    assert run(filled, "--output", output) == 2
    assert f"{existing} exists; name another file, or replace it with --force" in capsys.readouterr().err
    assert (tmp_path / existing).read_text() == "precious"
    assert run(filled, "--output", output, "--force") == 0
    assert main(["check-export", str(output)]) == 0


def test_a_link_stays_a_link(filled: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "log.jsonl"
    link.symlink_to(tmp_path / "elsewhere" / "real.jsonl")
    assert run(filled, "--output", link) == 0
    assert link.is_symlink()
    assert main(["check-export", str(tmp_path / "elsewhere" / "real.jsonl")]) == 0


def test_a_pipe_and_a_device_are_written_into(filled: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    texts: list[bytes] = []
    reader = threading.Thread(target=lambda: texts.append(pipe.read_bytes()))
    reader.start()
    assert run(filled, "--output", pipe, "--manifest", tmp_path / "manifest") == 0
    reader.join(10)
    assert b'"agent":"ada"' in texts[0].replace(b": ", b":")
    assert pipe.is_fifo()
    assert (tmp_path / "manifest").exists()
    assert run(filled, "--output", "/dev/null") == 0
    assert Path("/dev/null").is_char_device()
    if Path("/dev/full").exists():
        assert run(filled, "--output", "/dev/full") == 2
        assert Path("/dev/full").is_char_device()


def test_a_file_is_not_its_own_manifest(filled: Path, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert run(filled, "--output", file, "--manifest", file, "--force") == 2
    assert not file.exists()


def test_only_files_of_the_store_belong_to_it(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    for name in ("audit.duckdb2", "other/audit.duckdb", "export.jsonl", "audit"):
        assert not belongs_to(store, tmp_path / name)
    assert not belongs_to(store, tmp_path)
