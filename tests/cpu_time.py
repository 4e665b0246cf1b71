"""A plugin of pytest: prints the processor time of the tests of each room, with --cpu (Linux)."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TICKS = os.sysconf("SC_CLK_TCK")  # a second
# Where the times of a process and of its ended children stand behind its name in /proc/PID/stat, see proc(5).
TIMES = slice(11, 15)
OUTSIDE = "start, collection and end"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --cpu."""
    parser.addoption("--cpu", action="store_true", help="print the processor time of the tests of each room")


def pytest_configure(config: pytest.Config) -> None:
    """Measure in this process."""
    if config.getoption("--cpu") and Path("/proc").is_dir():
        config.pluginmanager.register(Meter())


def seconds(process: int) -> float:
    """The processor time of a process and its descendants; 0.0 where there is no such process."""
    folder = Path("/proc") / str(process)
    try:
        times = (folder / "stat").read_text().rpartition(")")[2].split()[TIMES]
    except OSError:
        return 0.0
    return sum(map(int, times)) / TICKS + sum(map(seconds, _children(folder)))


def _children(folder: Path) -> list[int]:
    children: list[int] = []
    for file in folder.glob("task/*/children"):
        with contextlib.suppress(OSError):  # a thread that has ended meanwhile
            children += map(int, file.read_text().split())
    return children


def room(nodeid: str) -> str:
    """The folder of a test, such as tests/ingest."""
    return "/".join(Path(nodeid.partition("::")[0]).parts[:-1][:2])


class Meter:
    """Adds up what each room uses, in this process and in the workers that it started."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()
        self._most = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Measure a test and its fixtures."""
        self._more()
        result = yield
        self._used[room(item.nodeid)] += self._more()
        return result

    def _more(self) -> float:
        # A process that ends while it is looked at is missing once, and the time of processes whose end nobody has
        # waited for, such as a browser's, is gone with them: only what is more than ever before has been used.
        before = self._most
        self._most = max(seconds(os.getpid()), before)
        return self._most - before

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Add what no test used; a worker hands its sums to the process that started it."""
        self._more()
        self._used[OUTSIDE] += max(self._most - self._used.total(), 0.0)
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["cpu"] = dict(self._used)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the sums of a worker that has ended."""
        self._used.update(node.workeroutput["cpu"])

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the sums, the largest first."""
        terminalreporter.section("processor time")
        for name, used in self._used.most_common():
            terminalreporter.line(f"{used:8.1f} s  {name}")
        terminalreporter.line(f"{self._used.total():8.1f} s")
