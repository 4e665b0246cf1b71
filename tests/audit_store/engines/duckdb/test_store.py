"""The DuckDB file: who may open it when, what is refused, and what a broken file says."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store, scratch
from audit_store.engines.protocol import Query
from audit_store.engines.settings import Limits
from audit_store.errors import (
    AuditStoreError,
    QueryTimeout,
    StoreBusy,
    StoreCorrupt,
    StoreNewer,
    StoreNotFound,
)
from audit_store.event import COLUMNS, Event
from tests import ROOT, forked
from tests.conftest import Fill, in_campaign

LOGIN = Event(agent="support-7", activity="Login")


@contextmanager
def python(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Another process that runs `script`; it has printed its first line when the block begins."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with forked.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.communicate()
    assert process.returncode == 0


def count(store: Store) -> int:
    return int(store.run(queries.extent())["events"][0])


def break_file(store: Store, how: Callable[[bytes], bytes]) -> None:
    store.path.write_bytes(how(store.path.read_bytes()))


BROKEN = [
    ("garbage", lambda data: b"garbage!" * (len(data) // 8), "not a valid DuckDB database"),
    ("text", lambda _: b"agent,activity\n", "not a valid DuckDB database"),
    ("header", lambda data: data[:5000], "Could not read enough bytes"),
    ("truncated", lambda data: data[: len(data) // 2], "Could not read enough bytes"),
    ("flipped", lambda data: data[:20_000] + bytes(byte ^ 255 for byte in data[20_000:]), "orrupt"),
]


def test_there_is_no_store_until_something_is_written(store: Store) -> None:
    assert (store.exists(), store.version()) == (False, (0, 0, 0, 0))
    with pytest.raises(StoreNotFound, match=f"no store at {store.path}; append an event"), store.read():
        pass
    assert list(store.path.parent.iterdir()) == []
    with store.write():
        pass
    assert store.exists()
    assert count(store) == 0


@pytest.mark.parametrize(("how", "says"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_file_is_named(store: Store, fill: Fill, how: Callable[[bytes], bytes], says: str) -> None:
    break_file(fill(store, [LOGIN]), how)
    with pytest.raises(StoreCorrupt, match=f"^{store.path} cannot be read: .*{says}"):
        count(store)


def test_an_empty_file_is_no_store_yet(store: Store) -> None:
    store.path.touch()
    with pytest.raises(StoreNotFound), store.read():
        pass
    with store.write():
        pass
    assert count(store) == 0


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_during_a_turn_holds_nobody_up(store: Store) -> None:
    with store.write():
        child = os.fork()
        if child == 0:
            time.sleep(5)
            os._exit(0)
    with store.write(wait=1.0), contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert count(store) == 0


def test_garbage_is_not_written_over(store: Store, fill: Fill) -> None:
    break_file(fill(store, [LOGIN]), lambda _: b"garbage")
    with pytest.raises(StoreCorrupt), store.write():
        pass
    assert store.path.read_bytes() == b"garbage"


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreCorrupt, match="Is a directory"):
        count(Store(tmp_path))


def test_somebody_elses_duckdb_file_is_left_alone(store: Store) -> None:
    with duckdb.connect(str(store.path)) as connection:
        connection.execute("CREATE TABLE sales (amount INTEGER)")
    with pytest.raises(StoreCorrupt, match="not an audit store: it has no table store_info"):
        count(store)
    with pytest.raises(StoreCorrupt, match="not an audit store: it has the table 'sales'"), store.write():
        pass
    with duckdb.connect(str(store.path)) as connection:
        assert connection.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("sales",)]


def test_a_newer_file_is_refused(store: Store, fill: Fill) -> None:
    with fill(store, [LOGIN]).write() as connection:
        connection.execute("UPDATE store_info SET schema_version = 2")
    with pytest.raises(StoreNewer, match="schema version 2, and this program knows 1; update this program"):
        count(store)
    with pytest.raises(StoreNewer), store.write():
        pass


def test_the_tables_explain_themselves(store: Store, fill: Fill) -> None:
    with fill(store, []).read() as reader:
        rows = reader.run(
            Query("SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'events'")
        )
    assert list(rows["column_name"]) == list(COLUMNS)
    assert rows["comment"].str.len().min() > 10


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE events SET agent = 'somebody else'",
        "DELETE FROM events WHERE seq = 0",
        "TRUNCATE events",
        "MERGE INTO events USING (SELECT 0 AS seq) s USING (seq) WHEN MATCHED THEN DELETE",
        *in_campaign(
            "UPDATE events SET agent = 'somebody else' WHERE seq = 0",
            "DELETE FROM events",
            "MERGE INTO events USING (SELECT 0 AS seq) s USING (seq) WHEN MATCHED THEN UPDATE SET agent = 'x'",
        ),
    ],
)
def test_events_are_append_only_also_after_reopening(store: Store, fill: Fill, change: str) -> None:
    fill(store, [LOGIN])
    for _ in range(2):
        with pytest.raises(AuditStoreError), store.write() as connection:
            connection.execute(change)
    fill(store, [LOGIN])
    assert list(store.run(Query("SELECT agent FROM events"))["agent"]) == ["support-7"] * 2


@pytest.fixture(scope="module")
def read_only(make_store: Callable[[Iterable[Event]], Store]) -> Store:
    """A store with one event, which no test changes."""
    return make_store([LOGIN])


@pytest.mark.parametrize(
    "escape",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_json('{folder}/x.json')",
        "SELECT * FROM '{folder}/x.parquet'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM 'https://example.org/x.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "ATTACH ':memory:' AS other; ATTACH '{folder}/third.duckdb'",
        "COPY events TO '{folder}/stolen.csv'",
        "COPY (SELECT 1) TO '/dev/stdout'",
        "EXPORT DATABASE '{folder}/stolen'",
        "IMPORT DATABASE '{folder}/stolen'",
        "INSTALL httpfs",
        "LOAD '{folder}/evil.duckdb_extension'",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        "SET extension_directory = '{folder}'",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
        "CREATE TABLE t (a INTEGER)",
        "CREATE VIEW v AS SELECT 1",
        "INSERT INTO events SELECT * FROM events",
        "UPDATE store_info SET schema_version = 2",
        "DELETE FROM folded_segments",
        "DROP TABLE events",
        "ALTER TABLE events ADD COLUMN x INTEGER",
        "CHECKPOINT; CREATE TABLE t (a INTEGER)",
    ],
)
def test_a_reading_connection_cannot_leave_or_change_its_file(read_only: Store, escape: str) -> None:
    folder = read_only.path.parent
    names = sorted(path.name for path in folder.iterdir())
    before = read_only.path.read_bytes()
    with read_only.read() as reader, pytest.raises(AuditStoreError) as refusal:
        reader.run(Query(escape.format(folder=folder)))
    assert isinstance(refusal.value.__cause__, duckdb.Error)
    assert sorted(path.name for path in folder.iterdir()) == names
    assert read_only.path.read_bytes() == before


def test_errors_of_duckdb_come_as_our_own_and_the_file_is_free_again(store: Store, fill: Fill) -> None:
    fill(store, [LOGIN])
    with pytest.raises(AuditStoreError, match=str(store.path)) as refusal:
        store.run(Query("SELECT nonsense FROM events"))
    assert isinstance(refusal.value.__cause__, duckdb.Error)
    with pytest.raises(AuditStoreError, match="gave no row"), store.read() as reader:
        reader.one(Query("SELECT 1 WHERE false"))
    with pytest.raises(KeyError), store.write() as connection:  # noqa: PT012 - what is not committed is gone
        connection.execute("BEGIN")
        connection.execute("INSERT INTO events SELECT * REPLACE (1 AS seq) FROM events")
        raise KeyError
    assert count(store) == 1


def test_a_long_query_is_interrupted(store: Store, fill: Fill) -> None:
    fill(store, [LOGIN])
    endless = Query("SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b")
    began = time.monotonic()
    with pytest.raises(QueryTimeout, match="choose a shorter time range"):
        Store(store.path, Limits(query_seconds=0.3)).run(endless)
    assert time.monotonic() - began < 10
    assert count(store) == 1


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_during_a_statement_is_ctrl_c() -> None:
    pressed = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), scratch() as connection:  # noqa: PT012 - not before it is caught
        pressed.start()
        connection.execute("SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(40) b")


def test_the_version_changes_with_every_write_and_only_then(store: Store, fill: Fill) -> None:
    seen = [fill(store, [LOGIN] * 3000).version()]
    count(store)
    assert store.version() == seen[0]
    seen += [fill(store, [LOGIN]).version() for _ in range(3)]
    assert len(set(seen)) == 4


def test_turns_within_a_process(store: Store, fill: Fill) -> None:
    """Readers and writers in threads take turns, and `version` can be asked at any time."""
    fill(store, [])
    errors: list[BaseException] = []
    done = threading.Event()

    def work(step: Callable[[], object]) -> None:
        try:
            while not done.is_set():
                step()
        except BaseException as error:
            errors.append(error)

    steps = [lambda: count(store)] * 3 + [store.version]
    threads = [threading.Thread(target=work, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            fill(store, [LOGIN])
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert count(store) == 10


HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "True")
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.mark.processes
def test_a_file_held_elsewhere_names_the_holder_within_the_wait(store: Store, fill: Fill) -> None:
    fill(store, [LOGIN])
    with python(HOLDER, store.path, False) as holder:
        for use in (store.read, store.write):
            began = time.monotonic()
            with pytest.raises(StoreBusy, match=rf"{store.path} is held by .*PID {holder.pid}\b"), use(0.5):
                pass
            assert 0.5 <= time.monotonic() - began < 5
    with python(HOLDER, store.path, True):
        assert count(store) == 1
        with pytest.raises(StoreBusy), store.write(wait=0.2):
            pass


@pytest.mark.processes
def test_a_file_held_for_a_moment_is_waited_for(store: Store, fill: Fill) -> None:
    fill(store, [LOGIN])
    with python(HOLDER, store.path, False) as holder:
        assert holder.stdin is not None
        threading.Timer(0.5, print, kwargs={"file": holder.stdin, "flush": True}).start()
        assert count(store) == 1


USER = """
import sys, threading
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from tests.conftest import _fill
store, readers, writers = Store(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
stop, counts, errors = threading.Event(), [0], []
def read():
    seen = 0
    while not stop.is_set():
        now = int(store.run(queries.extent())["events"][0])
        assert now >= seen, (now, seen)
        seen = now
def write():
    while not stop.is_set():
        _fill(store, [Event(agent="a", activity="b")])
        counts[0] += 1
def guarded(work):
    try:
        work()
    except BaseException as error:
        errors.append(error)
threads = [threading.Thread(target=guarded, args=(work,)) for work in [read] * readers + [write] * writers]
[thread.start() for thread in threads]
print("ready", flush=True)
sys.stdin.read()
stop.set()
[thread.join() for thread in threads]
print(errors or counts[0], flush=True)
"""


@pytest.mark.processes
@pytest.mark.parametrize(("readers", "writers"), [(4, 0), (2, 1), *in_campaign((0, 2))])
def test_nobody_starves(store: Store, fill: Fill, readers: int, writers: int) -> None:
    """Beside a process that reads or writes in a loop, reads and writes get their turn within the wait."""
    fill(store, [LOGIN])
    with python(USER, store.path, readers, writers) as other:
        for _ in range(5):
            fill(store, [LOGIN])
            assert count(store) >= 2
        said, _ = other.communicate()
    assert said.strip().isdigit(), said
    assert count(store) == 6 + int(said)


READ_ONLY_USER = """
import os, sys
from audit_store.errors import AuditStoreError
from audit_store.engines.duckdb.store import Store
from audit_store.engines.duckdb import queries
Store(sys.argv[2]).run(queries.extent())  # imports what a read needs, while that may be read
if os.getuid() == 0:
    os.setuid(65534)
print("ready", flush=True)
store = Store(sys.argv[1])
assert store.run(queries.extent())["events"][0] == 1
try:
    with store.write():
        pass
except AuditStoreError as error:
    print(error)
"""


@pytest.mark.processes
@pytest.mark.parametrize("used_before", [True, False])
def test_a_reader_needs_no_right_to_write(store: Store, fill: Fill, used_before: bool) -> None:
    fill(store, [LOGIN])
    with tempfile.TemporaryDirectory() as folder:
        copy = fill(Store(Path(folder) / "audit.duckdb"), [LOGIN])
        if not used_before:
            for part in ("turn", "room"):
                Path(f"{copy.path}.{part}").unlink()
        Path(folder).chmod(0o555)
        copy.path.chmod(0o444)
        with python(READ_ONLY_USER, copy.path, store.path) as other:
            said, _ = other.communicate()
        Path(folder).chmod(0o755)
    assert str(copy.path) in said
    assert re.search("may not be opened by this user|turn cannot be opened: Permission denied", said)


@pytest.mark.processes
def test_a_store_may_be_used_after_a_fork(store: Store, fill: Fill) -> None:
    script = (
        "import os, sys\nfrom audit_store.engines.duckdb import queries\n"
        "from audit_store.engines.duckdb.store import Store\n"
        "store = Store(sys.argv[1])\nstore.run(queries.extent())\nprint('ready', flush=True)\n"
        "child = os.fork()\nfound = store.run(queries.extent())['events'][0]\n"
        "os._exit(int(found != 1)) if child == 0 else sys.exit(os.waitpid(child, 0)[1])"
    )
    with python(script, fill(store, [LOGIN]).path):
        pass
