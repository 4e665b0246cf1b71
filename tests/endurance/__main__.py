"""Many writers of two users for minutes, with kills, strange files and a program that keeps the store.

`python -m tests.endurance [MINUTES]` prints what it counted and gives 1 where something did not hold.
"""

import contextlib
import itertools
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from audit_store.engines.protocol import Query
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.store_files import set_aside, spool_dir
from ingest import append
from ingest.fold import fold
from ingest.fold_scheduler import FoldingThread
from ingest.rejects import rejects_path
from ingest.status import status
from tests.users import ADA, BOB, GROUP, new_store, shared_folder

WRITERS, EVENTS_A_SECOND = 8, 300
POISON_EVERY, KILL_EVERY = 10.0, 3.0
KEPT, KEPT_EVERY = 30.0, 60.0
"""Seconds for which another program keeps the store, and from one such time to the next."""
SEED = 11


def _secret_link(path: Path) -> None:
    path.symlink_to("/etc/shadow")


def _another_ending(path: Path) -> None:
    path.with_suffix(".NDJSON").write_text("{}\n")


def _private(path: Path) -> None:
    path.write_text('{"agent": "private", "activity": "Login"}\n')
    path.chmod(0o600)


def _bulk(path: Path) -> None:
    path.with_name(f"019a0000-0000-7000-8000-{path.stem[-12:]}-1-3.parquet").write_bytes(b"PAR1")


POISONS: tuple[Callable[[Path], object], ...] = (
    lambda path: path.write_text("not JSON\n" * 20),
    lambda path: path.write_text('{"agent": "", "activity": "Login"}\n'),
    lambda path: path.write_bytes(bytes(4096)),
    lambda path: path.write_text('{"agent": "' + "x" * 200_000 + '", "activity": "Login"}\n'),
    lambda path: os.mkfifo(path),
    lambda path: path.mkdir(),
    _secret_link,
    _another_ending,
    _private,
    _bulk,
)


@dataclass
class Child:
    """A process and the file to which it writes one line for each event, before and after it is appended."""

    process: int
    record: Path | None = None

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the process and wait for it."""
        os.kill(self.process, how)
        os.waitpid(self.process, 0)


@dataclass
class Counts:
    """What happened."""

    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    kills: int = 0
    kept: int = 0
    most_waiting: int = 0
    most_files: int = 0
    poisons: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def child(uid: int, work: Callable[[], object], record: Path | None = None) -> Child:
    """Start a function as a member of GROUP."""
    process = os.fork()
    if process == 0:
        try:
            os.setgroups([GROUP])
            os.setgid(GROUP)
            os.setuid(uid)
            os.umask(0o077)
            work()
        finally:
            os._exit(1)
    return Child(process, record)


def write_events(store: Path, record: int, name: str) -> None:
    """Append without end, at this writer's share of the rate."""
    start = time.monotonic()
    for number in itertools.count():
        text = f"{name}.{number}"
        os.write(record, f"sent {text}\n".encode())
        append(store=store, fold=False, agent=name, activity="Login", description=text, outcome="failure")
        os.write(record, f"acknowledged {text}\n".encode())
        due = start + (number + 1) * WRITERS / EVENTS_A_SECOND
        time.sleep(max(due - time.monotonic(), 0))


def fold_without_end(store: Path) -> None:
    """What a dashboard does."""
    with FoldingThread(store):
        signal.pause()


def keep(store: Path) -> None:
    """Keep the DuckDB file as another program does."""
    while True:
        with contextlib.suppress(duckdb.Error):
            connection = duckdb.connect(str(store))
            time.sleep(KEPT)
            connection.close()
            return
        time.sleep(0.02)


def writers(store: Path, records: Path) -> Iterator[Callable[[], Child]]:
    """Starts of writers: each gives a process with a name and a record of its own, of either user in turn."""
    for number in itertools.count():
        path = records / str(number)
        uid = (ADA, BOB)[number % 2]

        def start(number: int = number, path: Path = path, uid: int = uid) -> Child:
            record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            try:
                return child(uid, lambda: write_events(store, record, f"writer-{number}"), path)
            finally:
                os.close(record)

        yield start


def run(store: Path, records: Path, seconds: float) -> Counts:
    """Let everything happen for some seconds, then fold what is left."""
    counts, choice = Counts(), random.Random(SEED)
    starts = writers(store, records)
    running = [next(starts)() for _ in range(WRITERS)]
    folder = child(ADA, lambda: fold_without_end(store))
    holders: list[Child] = []
    begun = time.monotonic()
    due = {"poison": 1.0, "kill": KILL_EVERY, "keep": KEPT_EVERY / 4}
    while (elapsed := time.monotonic() - begun) < seconds:
        if elapsed > due["poison"]:
            due["poison"] += POISON_EVERY
            counts.poisons.append(drop_poison(store, len(counts.poisons)))
        if elapsed > due["kill"]:
            due["kill"] += KILL_EVERY
            counts.kills += 1
            victim = choice.randrange(WRITERS + 1)
            if victim == WRITERS:
                folder.stop()
                folder = child(ADA, lambda: fold_without_end(store))
            else:
                running[victim].stop()
                running[victim] = next(starts)()
        if elapsed > due["keep"]:
            due["keep"] += KEPT_EVERY
            counts.kept += 1
            holders.append(child(BOB, lambda: keep(store)))
        measure(store, counts)
        time.sleep(0.5)
    for process in (*running, folder, *holders):
        process.stop()
    read_records(records, counts)
    compare(store, counts)
    return counts


def drop_poison(store: Path, number: int) -> str:
    """A stranger puts a file into the spool; gives the part of its name that must be named."""
    make = POISONS[number % len(POISONS)]
    name = f"{number:012d}"
    made = child(BOB, lambda: make(spool_dir(store) / f"poison-{name}.ndjson"))
    os.waitpid(made.process, 0)
    return name


def measure(store: Path, counts: Counts) -> None:
    """Note the largest number of bytes and files that wait."""
    files = [entry for entry in os.scandir(spool_dir(store)) if entry.name.endswith((".open", ".ndjson"))]
    counts.most_files = max(counts.most_files, len(files))
    with contextlib.suppress(FileNotFoundError):
        waiting = sum(1 for entry in files if entry.is_file(follow_symlinks=False) for _ in lines_of(entry))
        counts.most_waiting = max(counts.most_waiting, waiting)


def lines_of(entry: "os.DirEntry[str]") -> Iterator[bytes]:
    """The lines of a file of the spool."""
    with open(entry.path, "rb") as file:  # noqa: PTH123
        yield from (line for line in file if line.endswith(b"\n"))


def read_records(records: Path, counts: Counts) -> None:
    """What each writer sent, and for what its append returned."""
    for path in records.iterdir():
        for line in path.read_text().splitlines():
            word, _, text = line.partition(" ")
            {"sent": counts.sent, "acknowledged": counts.acknowledged}[word].add(text)


def compare(store: Path, counts: Counts) -> None:
    """One ordinary fold; then every acknowledged event is stored once, and every strange file is named."""
    try:
        problems = " ".join(fold(store).problems)
    except AuditStoreError as error:
        counts.problems.append(f"needs a person: {error}")
        return
    with open_store(store).read() as reader:
        rows = reader.arrow(Query("SELECT description FROM events WHERE agent <> 'private'")).to_pylist()
    stored = Counter(str(row["description"]) for row in rows)
    counts.problems += [f"lost: {text}" for text in counts.acknowledged if not stored[text]]
    counts.problems += [f"doubled: {text}" for text, times in stored.items() if times > 1]
    counts.problems += [f"nobody sent: {text!r}" for text in stored if text not in counts.sent]
    named = problems + str(status(store)["not_folded"]) + " ".join(path.name for path in set_aside(store))
    named += rejects_path(store).read_text() if rejects_path(store).exists() else ""
    # Root folds what is private: it is stored.
    private = {name for name in counts.poisons if POISONS[int(name) % len(POISONS)] is _private}
    counts.problems += [
        f"not named: {name}" for name in counts.poisons if name not in named and name not in private
    ]


def load(folder: Path) -> None:
    """Import everything before a process becomes a user who may not read this Python's folder."""
    store = folder / "loaded" / "audit.duckdb"
    append(agent="ada", activity="Login", store=store, fold=False)
    for number, make in enumerate(POISONS):
        make(spool_dir(store) / f"poison-{number:012d}.ndjson")
    fold(store)
    status(store)
    keeper = child(0, lambda: keep(store))
    time.sleep(0.5)
    with contextlib.suppress(StoreBusy):
        open_store(store).wait_until_free(0)
    keeper.stop()


def main(minutes: float) -> int:
    """Run and print."""
    with tempfile.TemporaryDirectory() as folder:
        load(Path(folder))
    with shared_folder() as folder, shared_folder(0o2777) as records:
        counts = run(new_store(folder), records, 60 * minutes)
    print(
        f"{minutes:g} minutes, {WRITERS} writers of two users: {len(counts.acknowledged):,} events acknowledged "
        f"of {len(counts.sent):,} sent, {counts.kills} kills, {len(counts.poisons)} strange files, the store kept "
        f"{counts.kept} times for {KEPT:g} s; at most {counts.most_waiting:,} events in {counts.most_files} files "
        f"waited; problems: {len(counts.problems)}"
    )
    print("\n".join(counts.problems))
    return int(bool(counts.problems))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10))
