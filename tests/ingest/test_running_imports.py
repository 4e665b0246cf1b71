"""Folds know the segments of imports that run, and forget those of imports that were killed."""

import os
import sys
from pathlib import Path

import pytest

from audit_store.store_files import spool_dir
from ingest.fold import fold
from ingest.running_imports import RunningImport, running_import, running_segments
from ingest.spool import folder
from tests import ROOT, forked

KILLED = """
import os, signal, sys
from pathlib import Path
from ingest.running_imports import running_import
from ingest.spool import folder
store = Path(sys.argv[1])
with running_import(store) as running:
    folder.write_part(store, "-7.parquet", lambda file: file.write(b"PAR1"), running.add)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store would be."""
    return tmp_path / "audit.duckdb"


def part_of(store: Path, running: RunningImport) -> Path:
    """A part that an import has written."""
    return folder.write_part(store, "-7.parquet", lambda file: file.write(b"PAR1"), running.add)


def test_segments_are_known_while_their_import_runs(path: Path) -> None:
    assert running_segments(path) == ([], True)
    with running_import(path) as first, running_import(path):
        assert not spool_dir(path).exists()
        for segment in ("one", "two"):
            first.add(segment)
        assert running_segments(path) == (["one", "two"], True)
    assert running_segments(path) == ([], True)
    assert list(spool_dir(path).iterdir()) == []


def test_a_fold_leaves_the_parts_of_an_import_that_runs_however_old_they_are(path: Path) -> None:
    with running_import(path) as running:
        part = part_of(path, running)
        os.utime(part, (0, 0))
        fold(path)
        assert part.exists()
    fold(path)
    assert not part.exists()


def test_a_part_that_is_created_while_a_fold_looks_for_imports_stays(path: Path) -> None:
    with running_import(path) as running:
        parts = []

        def create(segment: str) -> None:
            folder.remove_left_parts(path, lambda: running_segments(path).segments)
            running.add(segment)

        parts.append(folder.write_part(path, "-7.parquet", lambda file: file.write(b"PAR1"), create))

        def live() -> list[str]:
            parts.append(part_of(path, running))
            return running_segments(path).segments

        folder.remove_left_parts(path, live)
        assert all(part.exists() for part in parts)


def test_no_part_goes_where_it_is_not_known_which_imports_run(path: Path) -> None:
    with running_import(path) as running:
        part = part_of(path, running)
    (spool_dir(path) / "other.import").symlink_to("/dev/null")
    assert running_segments(path) == ([], False)
    fold(path)
    assert part.exists()


@pytest.mark.processes
def test_what_a_killed_import_left_goes_at_the_next_fold(path: Path) -> None:
    forked.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)
    assert sorted(file.suffix for file in spool_dir(path).iterdir()) == [".import", ".part"]
    fold(path)
    assert {file.suffix for file in spool_dir(path).iterdir()} == {""}
