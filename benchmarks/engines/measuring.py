"""One engine over one store, in processes of its own: the time of each case, its result, and the peak of memory."""

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.engines.cases import Case
from benchmarks.engines.engine import Engine, forget

RUNS, ENOUGH = 9, 0.5
"""How often a case is asked at most, and after how many seconds it is not asked again."""
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of a case: the first run, with nothing in memory (None: out of reach), and the median of others.

    `rows` and `digest` say what the result was, in whatever order.
    """

    cold: float | None
    warm: float
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What an engine needed: a timing for each case, in their order, and bytes."""

    timings: list[Timing]
    size: int
    peak_memory: int


def measure(engine: type[Engine], store: Path, events: Path, folder: Path, cases: Sequence[Case]) -> Measured:
    """Load the events of a Parquet file, which are those of the store, into an engine, and ask it every case.

    `folder` is for the files of the engine. Loading does not count for the memory.
    """
    _in_process(_load, engine, store, events, folder)
    return _in_process(_ask, engine, store, folder, cases)


def _in_process(function: Callable[..., Result], *arguments: object) -> Result:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def _load(engine: type[Engine], store: Path, events: Path, folder: Path) -> None:
    engine(store, folder).load(events)
    os.sync()  # what has not reached the disk cannot be forgotten


def _ask(engine: type[Engine], store: Path, folder: Path, cases: Sequence[Case]) -> Measured:
    asked = engine(store, folder)
    peaks, timings = [], []
    for case in cases:
        files = asked.files()
        forget(files)
        asked.open()
        cold, result = _timed(asked, case)
        runs: list[float] = []
        while len(runs) < RUNS and sum(runs) < 1000 * ENOUGH:
            milliseconds, result = _timed(asked, case)
            runs.append(milliseconds)
        rows = asked.rows(case, result)
        peaks.append(asked.peak_memory())
        size = asked.size()
        asked.close()
        timings.append(Timing(cold if files else None, statistics.median(runs), len(rows), _digest(rows)))
    return Measured(timings, size, max(peaks))


def _timed(engine: Engine, case: Case) -> tuple[float, Any]:
    """Milliseconds, and the result."""
    begin = time.perf_counter()
    result = engine.query(case)
    return 1000 * (time.perf_counter() - begin), result


def _digest(rows: Sequence[tuple[object, ...]]) -> str:
    """The same for the same rows in any order."""
    return sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
