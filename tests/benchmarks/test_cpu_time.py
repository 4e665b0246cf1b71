"""The processor time of the tests of each room, as `make test` with --cpu prints it."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests import ROOT, forked
from tests.conftest import in_campaign

BUSY = """
import subprocess, sys, time
BUSY = "import time\\nwhile time.process_time() < {}: pass"
def test_itself(): exec(BUSY.format(time.process_time() + 0.5))
def test_a_child(): subprocess.run([sys.executable, "-c", BUSY.format(1.0)])
"""


@pytest.mark.processes
@pytest.mark.parametrize("workers", ["2", *in_campaign("0")])
def test_the_time_of_a_room_is_that_of_its_tests_and_their_processes(tmp_path: Path, workers: str) -> None:
    for name in ("tests/busy/deep/test_busy.py", "tests/idle/test_idle.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(BUSY if "busy" in name else "def test_nothing(): pass\n")
    command = ["-m", "pytest", "-p", "xdist", "-p", "tests.cpu_time", "--cpu", "-n", workers]
    done = forked.run(
        [sys.executable, *command, "--rootdir", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    table = {name: float(used) for used, name in re.findall(r"^ *([\d.]+) s(?:  (.+))?$", done.stdout, re.M)}
    assert table["tests/busy"] == pytest.approx(1.5, abs=0.4)
    assert table["tests/idle"] < 0.4
    assert table[""] == pytest.approx(sum(used for name, used in table.items() if name), abs=0.5)
