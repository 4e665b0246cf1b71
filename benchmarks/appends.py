"""Durable single appends by 4 processes, beside SQLite (WAL, synchronous=FULL) in the same run.

Both write the same event to the same disk, in turns, and sync every append. `append` is measured twice: alone, and with
the fold of a dashboard, which makes the events readable and needs a share of the processors. The median of one append
is compared with the median of one `fdatasync`. At the end, appended events are folded.
"""

import json
import os
import sqlite3
import statistics
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import IO

from audit_store.event import Event
from benchmarks.folder import temporary_folder
from ingest import append
from ingest.fold import fold
from ingest.fold_scheduler import FoldingThread
from ingest.spool.event_line import event_line
from ingest.spool.folder import publish, write_part

PROCESSES = 4
SECONDS = 3.0
ROUNDS = 3
FOLDED = (10, 100_000)
FOLDS = 5
EVENT = {
    "agent": "support-7@bik.example",
    "activity": "Login",
    "description": "Signed in from a browser",
    "outcome": "failure",
    "source_ip": "203.0.113.9",
}
Work = Callable[[Path], Callable[[], object]]


def main() -> None:
    """Print both rates, their ratio, and the medians."""
    with temporary_folder() as folder:
        rounds = [_round(folder, number) for number in range(ROUNDS)]
        sync = statistics.median(_syncs(folder))
        single = statistics.median(_single_appends(folder))
        folds = {count: _fold_seconds(folder / f"fold-{count}.duckdb", count) for count in FOLDED}
    for alone, folding, sqlite in rounds:
        print(f"appends/s {alone:9,.0f}   while folding {folding:9,.0f}   sqlite {sqlite:9,.0f}")
    for setting, column in (("alone", 0), ("while folding", 1)):
        ratio = statistics.median(rates[column] / rates[2] for rates in rounds)
        print(f"median ratio to sqlite, {setting}: {ratio:.2f} (goal 1.5)")
    print(
        f"one append {single * 1e6:,.0f} µs, one fdatasync {sync * 1e6:,.0f} µs, ratio {single / sync:.2f} (goal 2)"
    )
    for count, seconds in folds.items():
        print(f"fold of {count:,} appended events: {seconds * 1e3:,.0f} ms")


def _round(folder: Path, number: int) -> tuple[float, float, float]:
    alone = _rate(_append_work, folder / f"alone-{number}.duckdb")
    store = folder / f"folding-{number}.duckdb"
    with FoldingThread(store):
        folding = _rate(_append_work, store)
    return alone, folding, _sqlite(folder, number)


def _sqlite(folder: Path, number: int) -> float:
    store = folder / f"events-{number}.sqlite"
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE events(id INTEGER PRIMARY KEY, at TEXT, body TEXT)")
    connection.close()
    return _rate(_sqlite_work, store)


def _append_work(store: Path) -> Callable[[], object]:
    return lambda: append(store=store, fold=False, **EVENT)


def _sqlite_work(store: Path) -> Callable[[], object]:
    connection = sqlite3.connect(store, timeout=60, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    body = json.dumps(EVENT)
    return lambda: connection.execute("INSERT INTO events(at, body) VALUES (datetime('now'), ?)", [body])


def _rate(work: Work, store: Path) -> float:
    context = get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    with context.Pool(PROCESSES, _set_barrier, (barrier,)) as pool:
        return sum(pool.starmap(_count, [(work, store)] * PROCESSES, chunksize=1))


_barrier: Barrier
"""Where the processes of a pool wait for each other before they start."""


def _set_barrier(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _count(work: Work, store: Path) -> float:
    """Appends a second of one process."""
    append_once = work(store)
    append_once()
    _barrier.wait()
    start = time.perf_counter()
    count = 0
    while time.perf_counter() - start < SECONDS:
        append_once()
        count += 1
    return count / (time.perf_counter() - start)


def _single_appends(folder: Path) -> list[float]:
    append_once = _append_work(folder / "single.duckdb")
    append_once()
    return [_seconds(append_once) for _ in range(2_000)]


def _fold_seconds(store: Path, count: int) -> float:
    """The least of some folds of `count` events, which wait as one segment."""
    seconds = []
    for _ in range(FOLDS):
        text = b"".join(event_line(Event.of(EVENT))[0] + b"\n" for _ in range(count))
        publish([write_part(store, ".ndjson", partial(_write_text, text))])
        seconds.append(_seconds(lambda: fold(store)))
    return min(seconds)


def _write_text(text: bytes, file: IO[bytes]) -> None:
    file.write(text)


def _syncs(folder: Path) -> list[float]:
    """Seconds of a bare write and `fdatasync` of a line of the same size."""
    line = json.dumps(EVENT).encode() + b"\n"
    with (folder / "bare").open("ab", buffering=0) as file:

        def write_and_sync() -> None:
            file.write(line)
            os.fdatasync(file.fileno())

        return [_seconds(write_and_sync) for _ in range(2_000)]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
