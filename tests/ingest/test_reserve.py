"""A fold leaves room on the disk for appends."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.errors import AuditStoreError, InvalidSetting
from audit_store.store_files import spool_dir, waiting_events
from ingest import append, append_many, reserve
from ingest.__main__ import main
from ingest.fold import fold
from ingest.status import status
from tests import ROOT, forked
from tests.faults import disk_full

MB = 1_000_000


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one event, and one in the spool."""
    path = tmp_path / "audit.duckdb"
    append(agent="ada", activity="Login", store=path, fold=False)
    fold(path)
    append(agent="bob", activity="Login", store=path, fold=False)
    return path


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Make a disk look as if it had this size and free space, in MB."""

    def set_usage(total: int, free: int) -> None:
        usage = Usage(total * MB, (total - free) * MB, free * MB)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    return set_usage


@pytest.mark.parametrize(
    ("total", "free", "setting", "folds"),
    [
        (100_000, 66, "", True),
        (100_000, 60, "", False),
        (400, 22, "", True),
        (400, 20, "", False),
        (100_000, 66, "100", False),
        (400, 22, "100", False),
        (100_000, 102, "100", True),
        (100_000, 2, "0", True),
        (100_000, 1, "0", False),
        (0, 0, "", True),
    ],
)
def test_a_fold_starts_only_above_the_reserve(
    path: Path,
    disk: Callable[[int, int], None],
    monkeypatch: pytest.MonkeyPatch,
    total: int,
    free: int,
    setting: str,
    folds: bool,
) -> None:
    monkeypatch.setenv("AUDIT_RESERVE_MB", setting)
    disk(total, free)
    if folds:
        assert fold(path).stored == 1
    else:
        with pytest.raises(AuditStoreError, match="free some space"):
            fold(path)
        assert append(agent="eve", activity="Login", store=path, fold=False)


def test_the_error_says_what_is_free_and_what_is_needed(
    path: Path, disk: Callable[[int, int], None], capsys: pytest.CaptureFixture[str]
) -> None:
    disk(100_000, 60)
    assert main(["fold", "--store", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"python -m ingest fold: the disk of {path} has 60.0 MB free; a fold takes up to 1.0 MB and leaves 64.0 MB "
        "for appends, which go on: free some space\n"
    )


def test_status_says_why_nothing_is_folded(
    path: Path, disk: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(path)["problem"] is None
    disk(100_000, 60)
    assert "has 60.0 MB free" in status(path)["problem"]
    monkeypatch.setenv("AUDIT_RESERVE_MB", "many")
    assert "AUDIT_RESERVE_MB" in status(path)["problem"]


def test_a_vain_fold_cuts_no_segment(path: Path, disk: Callable[[int, int], None]) -> None:
    disk(100_000, 60)
    before = sorted(spool_dir(path).iterdir())
    for _ in range(3):
        with pytest.raises(AuditStoreError):
            fold(path)
        append(agent="bob", activity="Login", store=path, fold=False)
    assert sorted(spool_dir(path).iterdir()) == before


def test_what_does_not_fit_is_left_and_the_rest_is_folded(
    path: Path, disk: Callable[[int, int], None]
) -> None:
    append_many(
        [{"agent": "big", "activity": "Login", "description": "x" * 8000}] * 1000, store=path, fold=False
    )
    append(agent="eve", activity="Login", store=path, fold=False)
    disk(100_000, 70)
    report = fold(path)
    assert report.stored == 2
    [problem] = report.problems
    assert "-batch.ndjson: the disk of" in problem
    assert waiting_events(path) == 1000
    disk(100_000, 100)
    assert fold(path).stored == 1000


def test_a_backlog_is_folded_in_parts_that_fit(path: Path, disk: Callable[[int, int], None]) -> None:
    for _ in range(8):
        append_many(
            [{"agent": "big", "activity": "Login", "description": "x" * 8000}] * 100, store=path, fold=False
        )
    disk(100_000, 71)
    batches: list[int] = []
    report = fold(path, after_batch=lambda counts: batches.append(counts.stored))
    assert (report.stored, report.problems) == (801, ())
    assert len(batches) > 1


@pytest.mark.parametrize("setting", ["many", "-1", "1.5", "٣", "1e9", "9" * 20])
def test_a_setting_that_is_no_size_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv("AUDIT_RESERVE_MB", setting)
    with pytest.raises(InvalidSetting, match=r"AUDIT_RESERVE_MB: .* give a number of megabytes"):
        fold(path)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A store of some events on a file system of its own, of 8 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    with disk_full.mounted(folder, 8_000):
        path = folder / "audit.duckdb"
        append_many([{"agent": "ada", "activity": "Login"}] * 1000, store=path, fold=False)
        fold(path)
        yield path


def fill_up(path: Path, kilobytes: int) -> None:
    """Leave so much space on the disk of a store."""
    free = shutil.disk_usage(path.parent).free
    with path.with_name("filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, free - kilobytes * 1024)


APPENDS = """
import sys
from audit_store.errors import SpoolFull
from ingest import append
count = 0
try:
    while True:
        append(agent="ada", activity="Login", store=sys.argv[1], fold=False)
        count += 1
except SpoolFull:
    print(count)
"""


def refusal(path: Path) -> str:
    """Why a fold does not store what waits; empty if it does."""
    try:
        return "".join(fold(path).problems)
    except AuditStoreError as error:
        return str(error)


def appends_until_full(path: Path) -> int:
    """How many appends of another process find room."""
    command = [sys.executable, "-c", APPENDS, str(path)]
    return int(forked.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


@pytest.mark.skipif(not disk_full.CAN_MOUNT, reason="only root may mount a small file system")
def test_a_vain_fold_takes_no_room_from_appends(small: Path) -> None:
    append_many([{"agent": "ada", "activity": "Login"}], store=small, fold=False)
    fill_up(small, 512)
    free = shutil.disk_usage(small.parent).free
    for _ in range(3):
        with pytest.raises(AuditStoreError, match=r"leaves .* for appends"):
            fold(small)
    assert shutil.disk_usage(small.parent).free == free
    count = appends_until_full(small)
    assert count > 1000
    small.with_name("filler").unlink()
    assert fold(small).stored == count + 1
    events = Store(small).run(Query("SELECT count(*) AS events FROM events"))["events"][0]
    assert events == 1000 + count + 1


@pytest.mark.skipif(not disk_full.CAN_MOUNT, reason="only root may mount a small file system")
def test_a_fold_that_starts_has_the_room_that_it_takes(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_RESERVE_MB", "0")
    for kilobytes in range(900, 1400, 50):
        append_many([{"agent": "ada", "activity": "Login"}] * 20, store=small, fold=False)
        fill_up(small, kilobytes)
        assert "a fold takes up to" in refusal(small) or waiting_events(small) == 0
        small.with_name("filler").unlink()
    fold(small)
    assert waiting_events(small) == 0
    assert reserve.spare(small) > 0
