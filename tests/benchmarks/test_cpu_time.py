"""The processor time of the tests of each room, as `make test` with --cpu prints it."""

import os
import re
import sys
import threading
import time
from pathlib import Path

import pytest

from tests import ROOT, forked
from tests.conftest import in_campaign
from tests.cpu_time import seconds

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
    before = os.times()
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
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert table[""] == pytest.approx(spent, abs=0.5)


def test_the_time_of_a_process_never_shrinks_while_its_threads_end() -> None:
    stopping = threading.Event()

    def start_threads() -> None:
        while not stopping.is_set():
            thread = threading.Thread(target=stopping.is_set)
            thread.start()
            thread.join()

    starter = threading.Thread(target=start_threads)
    starter.start()
    end = time.monotonic() + 2
    used = [seconds(os.getpid())]
    while time.monotonic() < end and used[-1] == max(used[-2:]):
        used.append(seconds(os.getpid()))
    stopping.set()
    starter.join()
    assert used == sorted(used)
