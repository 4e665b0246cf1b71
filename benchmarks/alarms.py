"""The detector on large stores: the first run over all of a log, then one closed hour, time and peak memory."""

import multiprocessing
import resource
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

from alarms.detector.detector import steps
from alarms.detector.settings import settings_of
from alarms.records import reading
from audit_store.engines.duckdb.store import Store
from audit_store.engines.registry import open_store
from audit_store.quantities import counted
from benchmarks.folder import temporary_folder
from benchmarks.stores import stores

FIRST_RUN, CLOSED_HOUR, MEMORY = 180.0, 1.0, 1024.0
"""The goals: seconds for the first run over a year, seconds for a closed hour, megabytes of either."""
_LATE = """
INSERT INTO events
SELECT (SELECT max(seq) + 1 FROM events) + number, uuidv7(), $at::TIMESTAMP + to_seconds(number), $at::TIMESTAMP,
       'agent-000001@bik.example', 'Login', '', 'failure', '203.0.113.9', NULL, 'web', '{}'
FROM range(100) numbers(number)
"""


def main() -> None:
    """Print seconds and megabytes beside the goals, for copies of the stores of `benchmarks.stores`."""
    for path in stores():
        with temporary_folder() as folder:
            store = Path(shutil.copy(path, folder / "audit.duckdb"))
            events, newest = _prepare(store)
            print(f"-- {counted(events, 'event')}")
            last_hour = newest.replace(minute=0, second=0, microsecond=0)
            _measure("first run over the log", FIRST_RUN, store, last_hour)
            with Store(store).write() as connection:
                connection.execute(_LATE, {"at": last_hour})
            _measure("one closed hour, with an attack", CLOSED_HOUR, store, last_hour + timedelta(hours=1))


def _prepare(store: Path) -> tuple[int, datetime]:
    """Build the roll-ups; gives the number of events and the time of the newest one."""
    engine, settings = open_store(store), settings_of(store)
    while engine.roll_up(settings.catalogue.logins):
        pass
    with engine.read() as reader:
        events, _, newest, *_ = reader.one(engine.queries.extent())
    return int(events), newest


def _measure(title: str, goal: float, store: Path, now: datetime) -> None:
    """Judge a store up to `now` in a process of its own, whose memory is measured."""
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    process = context.Process(target=_judge, args=(results, store, now))
    process.start()
    process.join()
    seconds, megabytes, alarms = results.get()
    print(
        f"{title:32} {seconds:7.2f} s (goal {goal:g} s)   {megabytes:6.0f} MB (goal {MEMORY:g} MB)   "
        f"{counted(alarms, 'alarm')}",
        flush=True,
    )


def _judge(
    results: "multiprocessing.SimpleQueue[tuple[float, float, int]]", store: Path, now: datetime
) -> None:
    engine = open_store(store)
    with engine.read() as reader:
        reader.one(engine.queries.identity())  # imports and the first opening are not judging
    begin = time.perf_counter()
    for _ in steps(engine, settings_of(store), now):
        pass
    seconds = time.perf_counter() - begin
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results.put((seconds, megabytes, len(reading.records(engine))))


if __name__ == "__main__":
    main()
