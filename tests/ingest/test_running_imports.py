"""Folds know the segments of imports that run, and forget those of imports that were killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from audit_store.store_files import make_spool, spool_dir
from ingest.running_imports import running_import, segments_of_running_imports
from tests import ROOT

KILLED = """
import os, signal, sys
from pathlib import Path
from ingest.running_imports import running_import
with running_import(Path(sys.argv[1]), ["killed"]):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store would be."""
    return tmp_path / "audit.duckdb"


def test_segments_are_known_while_their_import_runs(path: Path) -> None:
    assert segments_of_running_imports(path) == []
    make_spool(path)
    with running_import(path, ["one", "two"]), running_import(path, []):
        assert segments_of_running_imports(path) == ["one", "two"]
    assert segments_of_running_imports(path) == []
    assert list(spool_dir(path).iterdir()) == []


@pytest.mark.processes
def test_the_file_of_a_killed_import_goes(path: Path) -> None:
    make_spool(path)
    subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=ROOT, check=False)
    assert len(list(spool_dir(path).iterdir())) == 1
    assert segments_of_running_imports(path) == []
    assert list(spool_dir(path).iterdir()) == []
