"""An export as a ZIP file in pieces: the same file as the command line's, its manifest last, invalid when cut off."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError
from audit_store.event import Event
from audit_store.export import verify
from audit_store.export.archive import archive
from audit_store.export.encoders import FORMATS
from audit_store.export.export import export_to, plan
from audit_store.filters import EventFilter
from tests.conftest import Fill, in_campaign, rest_in_campaign

EVENTS = [
    Event(agent=f"agent-{number % 3}", activity="Login", description="x" * 99) for number in range(3000)
]
ADA = EventFilter(agent=("agent-0",), below=len(EVENTS))


@pytest.fixture
def store(store: Store, fill: Fill) -> Store:
    return fill(store, EVENTS)


def bytes_of(store: Store, fmt: str, where: EventFilter = ADA) -> bytes:
    return b"".join(piece.data for piece in archive(plan(where, store), fmt, f"x.{fmt}", "ada@example.com"))


@pytest.mark.parametrize("fmt", rest_in_campaign(["csv", "parquet"], FORMATS))
def test_an_archive_holds_the_file_of_the_command_line_and_then_its_manifest(
    store: Store, fill: Fill, tmp_path: Path, fmt: str
) -> None:
    fill(store, [Event(agent="agent-0", activity="late")])
    with zipfile.ZipFile(io.BytesIO(bytes_of(store, fmt))) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == [f"x.{fmt}", f"x.{fmt}.manifest.json"]
        packed.extractall(tmp_path)
    assert verify.check(tmp_path / f"x.{fmt}") == []
    manifest = json.loads((tmp_path / f"x.{fmt}.manifest.json").read_text())
    assert (manifest["events"], manifest["exported_by"]) == (1000, "ada@example.com")
    export_to(tmp_path / "shell", replace(ADA), fmt, store)
    assert (tmp_path / f"x.{fmt}").read_bytes() == (tmp_path / "shell").read_bytes()


def test_an_archive_is_checked_as_it_is(store: Store, tmp_path: Path) -> None:
    whole = bytes_of(store, "csv")
    file = tmp_path / "download.zip"
    file.write_bytes(whole)
    differences, manifest = verify.compare(file)
    assert (differences, manifest and manifest.events) == ([], 1000)
    file.write_bytes(whole[:-50])
    assert "does not exist" in verify.check(file)[0], "what is cut off is no ZIP file"
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 1
    file.write_bytes(damaged)
    assert verify.check(file), "a flipped bit is found"


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"a.csv": b""}, "does not hold one exported file"),
        ({"a.csv.manifest.json": b"{}"}, "does not hold one exported file"),
        ({"a.csv": b"", "a.csv.manifest.json": b"{}"}, "cannot be used"),
    ],
)
def test_another_zip_file_is_no_export(tmp_path: Path, entries: dict[str, bytes], says: str) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    [sentence] = verify.check(tmp_path / "other.zip")
    assert says in sentence


def test_a_zip_file_of_another_compression_is_no_export(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a.csv", b"x" * 999)
        packed.writestr("a.csv.manifest.json", b"{}")
    assert "does not hold one exported file" in verify.check(tmp_path / "other.zip")[0]


def test_an_archive_of_no_events_is_valid(store: Store) -> None:
    nothing = bytes_of(store, "jsonl", EventFilter(agent=("nobody",)))
    with zipfile.ZipFile(io.BytesIO(nothing)) as packed:
        assert packed.read("x.jsonl") == b""


def test_an_archive_counts_the_events_of_its_pieces(store: Store) -> None:
    pieces = list(archive(plan(ADA, store), "csv", "x.csv", "ada"))
    assert sum(piece.events for piece in pieces) == 1000
    assert len(pieces) > 2


@pytest.mark.parametrize("share", [0.99, *in_campaign(0.1, 0.5)])
def test_an_archive_that_is_cut_off_is_no_zip_file(store: Store, share: float) -> None:
    whole = bytes_of(store, "csv")
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(whole[: int(len(whole) * share)]))


def test_a_store_that_vanishes_ends_the_pieces_with_an_error(store: Store) -> None:
    pieces = archive(plan(ADA, store), "csv", "x.csv", "ada")
    got = next(pieces).data
    store.path.unlink()
    with pytest.raises(AuditStoreError):
        got += b"".join(piece.data for piece in pieces)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(got))
