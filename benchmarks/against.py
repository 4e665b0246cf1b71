"""This checkout against another one: both measured in turns in one run, and the ratio of their medians.

Each figure is a time, so that a ratio below 1 says that this checkout is faster. Both run with the interpreter and the
packages of this process. Other work on the machine slows down both, and single runs at random: more runs help.
"""

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from audit_store.event import FIELDS
from benchmarks.folder import temporary_folder

ROOT = Path(__file__).parent.parent
ALLOWED = 1.05
"""The largest ratio that counts as no slower."""

Measure = Callable[[Path], float]
"""Gives one figure of a checkout: seconds."""

_APPENDS = """
import statistics, sys, time
from pathlib import Path
from ingest import append

def seconds():
    begin = time.perf_counter()
    append(store=store, fold=False, agent="support-7@bik.example", activity="Login", outcome="failure",
           description="Signed in from a browser", source_ip="203.0.113.9")
    return time.perf_counter() - begin

store = Path(sys.argv[1])
seconds()
print(statistics.median(seconds() for _ in range(int(sys.argv[2]))))
"""
_FILL = """
import sys
from pathlib import Path
from benchmarks.stores import fill
fill(Path(sys.argv[1]), int(sys.argv[2]))
"""
_FAST_TESTS = ("-q", "-n", "2", "-p", "no:cacheprovider", "-m", "not browser and not processes")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The seconds of each run of this checkout and of the other one."""

    name: str
    this: Sequence[float]
    other: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of this checkout over that of the other."""
        return statistics.median(self.this) / statistics.median(self.other)

    def __str__(self) -> str:
        """One line of the table."""
        this, other = statistics.median(self.this), statistics.median(self.other)
        verdict = "" if self.ratio <= ALLOWED else f"   over {ALLOWED}"
        return f"{self.name:28} {this:12.6f} {other:12.6f} {self.ratio:7.3f}{verdict}"


def main(other: Path, names: Sequence[str], runs: int, events: int) -> bool:
    """Print a line for each comparison; gives whether no ratio is over ALLOWED."""
    print(f"{'':28} {'this, s':>12} {'other, s':>12} {'ratio':>7}", flush=True)
    comparisons = []
    with temporary_folder() as folder:
        for name in names:
            with MEASURES[name](folder, (ROOT, other), events) as measure:
                # A run of the tests takes minutes.
                comparison = compare(name, measure, ROOT, other, 1 if name == "tests" else runs)
            print(comparison, flush=True)
            comparisons.append(comparison)
    return all(comparison.ratio <= ALLOWED for comparison in comparisons)


def compare(name: str, measure: Measure, this: Path, other: Path, runs: int) -> Comparison:
    """Measure both checkouts `runs` times, in turns; the one that goes first changes from run to run."""
    seconds: dict[Path, list[float]] = {this: [], other: []}
    for run in range(runs):
        for checkout in (this, other) if run % 2 == 0 else (other, this):
            seconds[checkout].append(measure(checkout))
    return Comparison(name, seconds[this], seconds[other])


@contextlib.contextmanager
def _appends(folder: Path, checkouts: Sequence[Path], events: int) -> Iterator[Measure]:
    """The median of some hundred durable appends of one process."""

    def measure(checkout: Path) -> float:
        store = folder / f"appends-{checkouts.index(checkout)}.duckdb"
        return float(_python(checkout, "-c", _APPENDS, store, min(1_000, events)))

    yield measure


@contextlib.contextmanager
def _importing(
    folder: Path, checkouts: Sequence[Path], events: int, *, ending: str = ".jsonl"
) -> Iterator[Measure]:
    """`python -m ingest import` of a file into a new store; its format is that of the ending."""
    from benchmarks.importing import write_events

    lines = folder / "events.jsonl"
    write_events(lines, "keyed", events)
    file = _converted(lines, ending)

    def measure(checkout: Path) -> float:
        store = folder / f"import-{checkouts.index(checkout)}.duckdb"
        begin = time.perf_counter()
        _python(checkout, "-m", "ingest", "import", file, "--store", store)
        seconds = time.perf_counter() - begin
        store.unlink()
        for side in folder.glob(f"{store.name}.memory.json"):
            side.unlink()
        return seconds

    yield measure


def _converted(lines: Path, ending: str) -> Path:
    """The same events as JSON Lines, CSV or Parquet."""
    import duckdb

    file = lines.with_suffix(ending)
    options = "FORMAT csv, HEADER" if ending == ".csv" else "FORMAT parquet"
    if file != lines:
        source = f"read_json('{lines}', columns = {{{', '.join(f'{name}: VARCHAR' for name in FIELDS)}}})"
        duckdb.sql(f"COPY (SELECT {', '.join(FIELDS)} FROM {source}) TO '{file}' ({options})")
    return file


@contextlib.contextmanager
def _opening(folder: Path, checkouts: Sequence[Path], events: int) -> Iterator[Measure]:
    """A visit to `/` in a fresh browser profile, of a server that runs already and was visited before."""
    from playwright.sync_api import sync_playwright

    from benchmarks.browser.opening import FINISHED, server, visit
    from tests.browser.conftest import CHROMIUM, QUIET

    urls = {}
    with contextlib.ExitStack() as stack:
        for number, checkout in enumerate(checkouts):
            store = folder / f"open-{number}.duckdb"
            _python(checkout, "-c", _FILL, store, events)
            urls[checkout], _ = stack.enter_context(server(store, "app.py", checkout))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        stack.callback(browser.close)
        for url in urls.values():
            visit(browser, f"{url}/?range=7d", FINISHED)
        yield lambda checkout: visit(browser, f"{urls[checkout]}/?range=7d", FINISHED)


@contextlib.contextmanager
def _testing(_folder: Path, _checkouts: Sequence[Path], _events: int) -> Iterator[Measure]:
    """The processor time (user and system) of the tests of `make fast`."""

    def processor_seconds() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def measure(checkout: Path) -> float:
        before = processor_seconds()
        _python(checkout, "-m", "pytest", *_FAST_TESTS)
        return processor_seconds() - before

    yield measure


MEASURES: dict[str, Callable[..., contextlib.AbstractContextManager[Measure]]] = {
    "appends": _appends,
    "import": _importing,
    "import-csv": partial(_importing, ending=".csv"),
    "import-parquet": partial(_importing, ending=".parquet"),
    "open": _opening,
    "tests": _testing,
}


def _python(checkout: Path, *arguments: object) -> str:
    """The output of Python with the modules of a checkout. Raises RuntimeError with its last lines when it fails."""
    # A checkout whose modules were compiled before would start sooner than one whose are compiled at each start.
    unset = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()[-20:]
        raise RuntimeError("\n".join([f"{command} failed in {checkout}", *lines]))
    return done.stdout
