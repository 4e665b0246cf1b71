"""A quarter of a minute of what `make endurance` does for ten."""

import subprocess
import sys

import pytest

from tests import ROOT
from tests.users import needs_root


@needs_root
@pytest.mark.processes
def test_writers_of_two_users_lose_nothing_beside_kills_and_strange_files() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.endurance", "0.25"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (run.returncode, "problems: 0" in run.stdout) == (0, True), run.stdout + run.stderr
