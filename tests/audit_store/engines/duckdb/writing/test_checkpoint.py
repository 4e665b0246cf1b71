"""A checkpoint that ends early is undone by whoever opens the file next."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_store.engines.duckdb.creation import HEADERS_BYTES, wal_of
from audit_store.engines.duckdb.store import Store
from audit_store.engines.duckdb.writing import checkpoint
from audit_store.engines.duckdb.writing.checkpoint import BLOCK_BYTES, journal_of
from audit_store.errors import StoreCorrupt
from ingest import append_many
from ingest.fold import fold
from tests import ROOT, forked

EVENTS = 20
SECTOR = 512


def fold_events(store: Path, events: int) -> None:
    append_many([{"agent": "ana", "activity": "Login"}] * events, store=store, fold=False)
    assert fold(store).stored == events


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store after a checkpoint, with what was on disk when that began in the folder `began`."""
    store = tmp_path / "ended" / "audit.duckdb"
    store.parent.mkdir()
    fold_events(store, EVENTS)
    keep = checkpoint._keep

    def copied(file: Path, content: int, blocks: list[int]) -> None:
        keep(file, content, blocks)
        # Another process, because closing a file drops the process's locks on it.
        subprocess.run(["cp", "-r", str(store.parent), str(tmp_path / "began")], check=True)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_keep", copied)
        fold_events(store, EVENTS)
    return store


@pytest.fixture
def torn(ended: Path, tmp_path: Path) -> Path:
    """The same store when a power loss has left half of a block that is written in its place."""
    store = tmp_path / "began" / ended.name
    before, after = store.read_bytes(), ended.read_bytes()
    places = [
        at for at in range(HEADERS_BYTES, len(before), BLOCK_BYTES) if before[at:][:8] != after[at:][:8]
    ]
    half = b"".join(
        (after if sector % 2 else before)[places[0] + sector * SECTOR :][:SECTOR]
        for sector in range(BLOCK_BYTES // SECTOR)
    )
    assert half not in (before, after)
    store.write_bytes(before[: places[0]] + half + before[places[0] + BLOCK_BYTES :])
    return store


def events_of(store: Path) -> int:
    return int(Store(store).run(Store.queries.extent())["events"][0])


def test_a_torn_block_cannot_be_read_without_its_journal(torn: Path) -> None:
    journal_of(torn).unlink()
    with pytest.raises(StoreCorrupt, match="checksum"):
        events_of(torn)


@pytest.mark.parametrize("open_first", [events_of, fold], ids=["reader", "writer"])
def test_a_torn_checkpoint_is_undone(
    torn: Path, open_first: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    open_first(torn)
    assert events_of(torn) == 2 * EVENTS
    assert journal_of(torn).read_bytes() == b""
    assert [record.message for record in caplog.records] == [
        f"the last checkpoint of {torn} did not end, and was undone; no event is lost"
    ]
    fold_events(torn, 1)
    assert events_of(torn) == 2 * EVENTS + 1
    assert Store(torn).check() == []


def test_a_checkpoint_that_had_not_begun_to_write_is_silently_begun_anew(
    ended: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "began" / ended.name
    assert wal_of(store).stat().st_size
    assert events_of(store) == 2 * EVENTS
    assert caplog.records == []


def test_the_journal_of_a_checkpoint_that_ended_is_ignored(ended: Path, tmp_path: Path) -> None:
    assert journal_of(ended).read_bytes() == b""
    shutil.copy(journal_of(tmp_path / "began" / ended.name), journal_of(ended))
    content = ended.read_bytes()
    assert events_of(ended) == 2 * EVENTS
    assert ended.read_bytes() == content


@pytest.mark.parametrize("at", [100, HEADERS_BYTES + 3, -BLOCK_BYTES, -1])
def test_a_damaged_journal_is_ignored(torn: Path, at: int) -> None:
    journal, content = bytearray(journal_of(torn).read_bytes()), torn.read_bytes()
    journal[at] ^= 1
    journal_of(torn).write_bytes(journal)
    with pytest.raises(StoreCorrupt):
        events_of(torn)
    assert torn.read_bytes() == content


def test_a_store_that_another_program_writes_is_left_alone(torn: Path) -> None:
    code = (
        f"import fcntl; file = open({str(torn)!r}, 'r+b'); fcntl.lockf(file, fcntl.LOCK_EX); print(); input()"
    )
    content = torn.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        checkpoint.undo_unfinished(torn)
        assert torn.read_bytes() == content
        other.communicate(b"\n")
    checkpoint.undo_unfinished(torn)
    assert torn.read_bytes() != content


def test_a_checkpoint_keeps_the_lock_on_the_file(ended: Path) -> None:
    opening = [sys.executable, "-c", f"import duckdb; duckdb.connect({str(ended)!r})"]
    with Store(ended).write() as connection:
        connection.execute("CREATE TABLE other (number INTEGER)")
        connection.checkpoint()
        done = forked.run(opening, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Could not set lock" in done.stderr


def test_what_a_writer_has_not_checkpointed_is_in_the_file_afterwards(ended: Path) -> None:
    with Store(ended).write() as connection:
        connection.execute("CREATE TABLE other (number INTEGER)")
    assert not wal_of(ended).exists()
