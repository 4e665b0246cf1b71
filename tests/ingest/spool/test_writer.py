"""An appended line is on disk, is found exactly once, and a full disk says so."""

import inspect
import json
import linecache
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from audit_store.errors import AuditStoreError, SpoolFull
from audit_store.store_files import spool_dir, waiting_events
from ingest.spool import folder, segment_lines, segment_writer
from ingest.spool.folder import ready_segments
from ingest.spool.writer import SpoolWriter
from tests.ingest.spool.spooled import content, lines, run

if TYPE_CHECKING:
    from _typeshed import TraceFunction


def test_appended_lines_are_found_once_and_in_order(path: Path) -> None:
    writer = SpoolWriter(path)
    for line in (b"{1}", b"{2}"):
        writer.append(line)
    assert (folder.has_waiting(path), waiting_events(path)) == (True, 2)
    assert lines(path) == [b"{1}", b"{2}"]
    writer.append(
        b"{3}"
    )  # the segment was taken over: this is in the old one, perhaps too late, and in a new one
    first, second = ready_segments(path)
    assert (content(first), content(second)) == ([b"{1}", b"{2}", b"{3}"], [b"{3}"])
    assert len({segment.stem for segment in (first, second)}) == 2
    folder.take_away([first, second], ())
    assert not folder.has_waiting(path)


def test_each_append_is_synced_before_it_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    def sync(descriptor: int) -> None:
        os.fsync(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(segment_writer, "_sync", sync)
    writer = SpoolWriter(path)
    for count in (1, 2, 3):
        writer.append(b"{line}")
        assert synced[-1] == count * len(b'{line,"crc32":"00000000"}\n') + 1


def test_threads_share_syncs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    def slow_sync(descriptor: int) -> None:
        time.sleep(0.005)
        os.fsync(descriptor)
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(segment_writer, "_sync", slow_sync)
    writer = SpoolWriter(path)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(writer.append, [b"{%04d}" % n for n in range(140)]))
    assert sorted(lines(path)) == [b"{%04d}" % n for n in range(140)]
    assert len(synced) <= 140 / 4
    assert synced[-1] == 140 * len(b'{0000,"crc32":"00000000"}\n') + 1


@pytest.mark.parametrize("writers", [1, 3])
def test_taking_over_while_threads_write_loses_nothing(path: Path, writers: int) -> None:
    pool = [SpoolWriter(path) for _ in range(writers)]

    def work(thread: int) -> None:
        for n in range(60):
            pool[thread % writers].append(b"{%d-%d}" % (thread, n))

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(6)]
    for thread in threads:
        thread.start()
    found: list[bytes] = []
    while any(thread.is_alive() for thread in threads) or folder.has_waiting(path):
        time.sleep(0.005)
        segments = ready_segments(path)
        found += [line for segment in segments for line in content(segment)]
        folder.take_away(segments, ())
    found = list(dict.fromkeys(found))
    assert sorted(found) == sorted(b"{%d-%d}" % (thread, n) for thread in range(6) for n in range(60))
    for number in range(6):
        own = [line for line in found if line.startswith(b"{%d-" % number)]
        assert own == [b"{%d-%d}" % (number, n) for n in range(60)]


@pytest.mark.parametrize("unwritten", [0, 3])
def test_a_read_beside_a_write_is_repeated(
    path: Path, monkeypatch: pytest.MonkeyPatch, unwritten: int
) -> None:
    writer = SpoolWriter(path)
    writer.append(b"{1}")
    before = next(spool_dir(path).glob("*.open")).stat().st_size - 1
    writer.append(b"{2}")
    [segment] = ready_segments(path)
    whole = segment.read_bytes()
    torn = whole[:before] + bytes(1 + unwritten) + whole[before + 1 + unwritten :]
    reads = iter([torn, torn])
    real = segment_lines.content_of
    monkeypatch.setattr(segment_lines, "content_of", lambda *of: next(reads, None) or real(*of))
    assert content(segment) == [b"{1}", b"{2}"]


def test_what_its_writer_adds_while_an_empty_segment_goes_away_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SpoolWriter(path)
    writer._segment = segment_writer.Segment.create(path)
    unlink = Path.unlink

    def late(self: Path) -> None:
        writer.append(b"{1}")
        unlink(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", late)
        ready_segments(path)
    assert lines(path) == [b"{1}"]


def interrupted(call: Callable[[], object], files: set[str], point: int) -> bool:
    """Make a call and interrupt it as Ctrl-C does before the line `point` of those it runs in these files.

    Gives whether it came that far.
    """
    left = point

    def trace(frame: FrameType, event: str, _: object) -> "TraceFunction | None":
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        # Between a block and the release of its lock Python handles no signal.
        if event == "line" and " with " not in linecache.getline(frame.f_code.co_filename, frame.f_lineno):
            left -= 1
            if left == -1:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("segment", ["new", "its own", "taken over"])
def test_an_append_interrupted_anywhere_blocks_and_damages_no_other(tmp_path: Path, segment: str) -> None:
    """Ctrl-C at each line of the writer and of its segment in turn; the interrupted line is longer than the next."""
    files = {inspect.getfile(SpoolWriter), inspect.getfile(segment_writer.Segment)}
    came_so_far = True
    point = 0
    while came_so_far:
        path = tmp_path / f"{point}.duckdb"
        writer = SpoolWriter(path)
        if segment != "new":
            writer.append(b"{before}")
        if segment == "taken over":
            ready_segments(path)
        came_so_far = interrupted(partial(writer.append, b"{interrupted}"), files, point)
        writer.append(b"{after}")
        found = dict.fromkeys(line for line in lines(path) if line != b"{interrupted}")
        assert list(found) == ([b"{after}"] if segment == "new" else [b"{before}", b"{after}"])
        point += 1
    assert point > 30


def test_a_signal_handler_may_append_while_its_thread_does(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SpoolWriter(path)
    sync = os.fsync

    def signalled(descriptor: int) -> None:
        monkeypatch.setattr(segment_writer, "_sync", sync)
        os.kill(os.getpid(), signal.SIGUSR1)
        sync(descriptor)

    before = signal.signal(signal.SIGUSR1, lambda *_: writer.append(b"{handler}"))
    try:
        monkeypatch.setattr(segment_writer, "_sync", signalled)
        writer.append(b"{outer}")
    finally:
        signal.signal(signal.SIGUSR1, before)
    writer.append(b"{after}")
    assert sorted(lines(path)) == [b"{after}", b"{handler}", b"{outer}"]


FORKING = """
import os, sys
from pathlib import Path
from ingest.spool.writer import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]))
writer.append(b"{before}")
children = []
for n in range(3):
    child = os.fork()
    if child == 0:
        [writer.append(b"{child %d %d}" % (n, m)) for m in range(20)]
        os._exit(0)
    children.append(child)
[writer.append(b"{parent %d}" % m) for m in range(20)]
sys.exit(max(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.mark.processes
def test_a_forked_process_writes_to_a_segment_of_its_own(path: Path) -> None:
    assert run(FORKING, path).returncode == 0
    by_segment = [content(segment) for segment in ready_segments(path)]
    assert sorted(map(len, by_segment)) == [20, 20, 20, 21]
    assert len({segment.stem.split("-")[5] for segment in ready_segments(path)}) == 4


FORKING_WHILE_WRITING = """
import os, sys, threading
from pathlib import Path
from ingest.spool.writer import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]))
stop = threading.Event()
def write():
    while not stop.is_set():
        writer.append(b"{thread}")
threads = [threading.Thread(target=write) for _ in range(3)]
[thread.start() for thread in threads]
failed = 0
for n in range(10):
    child = os.fork()
    if child == 0:
        writer.append(b"{child}")
        os._exit(0)
    failed |= os.waitpid(child, 0)[1]
stop.set()
[thread.join() for thread in threads]
sys.exit(failed)
"""


@pytest.mark.processes
def test_a_fork_while_threads_append_leaves_no_lock_behind(path: Path) -> None:
    assert run(FORKING_WHILE_WRITING, path).returncode == 0
    found = lines(path)
    assert found.count(b"{child}") == 10
    assert set(found) == {b"{child}", b"{thread}"}


KILLED = """
import os, signal, sys
from pathlib import Path
from ingest.spool.writer import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]))
for n in range(50):
    writer.append(b"{%d}" % n)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.processes
def test_what_was_acknowledged_survives_the_process(path: Path) -> None:
    assert run(KILLED, path).returncode == -9
    assert lines(path) == [b"{%d}" % n for n in range(50)]


FULL = """
import json, resource, sys
from pathlib import Path
from audit_store.errors import SpoolFull
from ingest.spool import segment_writer
from ingest.spool import folder
from ingest.spool.writer import SpoolWriter
path = Path(sys.argv[1])
writer = SpoolWriter(path)
writer.append(b"{" + b"x" * 398 + b"}")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
writer.append(b"{" + b"y" * 398 + b"}")
said = []
for attempt in (
    lambda: writer.append(b"{" + b"z" * 398 + b"}"),
    lambda: writer.append(b"{" + b"z" * 1998 + b"}"),
    lambda: folder.write_part(path, "-batch.ndjson", lambda file: file.write(b"z" * 2000)),
):
    try:
        attempt()
    except SpoolFull as error:
        said.append([error.stored, str(error)])
writer.append(b"{after}")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.append(b"{" + b"w" * 1998 + b"}")
print(json.dumps(said))
"""


@pytest.mark.processes
def test_a_full_disk_stores_nothing_and_tears_no_line(path: Path) -> None:
    result = run(FULL, path)
    assert result.stderr == ""
    folder = spool_dir(path)
    full = f"the disk under {folder} is full; free some space and send the event again"
    assert json.loads(result.stdout) == [["not stored", full]] * 3
    assert lines(path) == [
        b"{" + b"x" * 398 + b"}",
        b"{" + b"y" * 398 + b"}",
        b"{after}",
        b"{" + b"w" * 1998 + b"}",
    ]
    assert list(folder.glob("*.part")) == []


def test_a_failed_sync_is_unknown_and_leaves_the_segment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_sync(descriptor: int) -> None:
        raise OSError(5, f"Input/output error on {descriptor}")

    writer = SpoolWriter(path)
    writer.append(b"{1}")
    with monkeypatch.context() as patch:
        patch.setattr(segment_writer, "_sync", broken_sync)
        with pytest.raises(AuditStoreError, match="failed to sync") as failure:
            writer.append(b"{2}")
    assert failure.value.stored == "unknown: send it again with the same event_id"
    writer.append(b"{3}")
    assert sorted(map(content, ready_segments(path))) == [[b"{1}", b"{2}"], [b"{3}"]]


def test_a_folder_that_cannot_be_used_is_named(path: Path) -> None:
    spool_dir(path).write_text("a file where the folder should be")
    for attempt in (
        lambda: SpoolWriter(path).append(b"{1}"),
        lambda: folder.write_part(path, "-batch.ndjson", lambda file: file.write(b"1\n")),
    ):
        with pytest.raises(AuditStoreError, match=rf"{spool_dir(path)}: .*; nothing was written") as refusal:
            attempt()
        assert refusal.value.stored == "not stored"
        assert not isinstance(refusal.value, SpoolFull)


def test_a_line_that_cannot_be_written_again_may_be_stored(path: Path) -> None:
    writer = SpoolWriter(path)
    writer.append(b"{1}")
    taken = spool_dir(path).rename(path.with_name("elsewhere"))
    spool_dir(path).write_text("a file where the folder should be")
    with pytest.raises(AuditStoreError, match="writing again failed") as failure:
        writer.append(b"{2}")
    assert failure.value.stored.startswith("unknown")
    assert [content(segment) for segment in taken.iterdir()] == [[b"{1}", b"{2}"]]


def test_a_writer_that_goes_on_keeps_room_that_is_no_line(path: Path) -> None:
    writer = SpoolWriter(path)
    written = [b'{"agent":"ada","activity":"Login","fresh_id":"%036d"}' % n for n in range(100)]
    for line in written:
        writer.append(line)
    assert waiting_events(path) == 100
    (segment,) = ready_segments(path)
    assert content(segment) == written
    assert segment.stat().st_size > sum(len(line) + 1 for line in written)


def test_threads_that_share_a_failure_have_an_error_each(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_and_broken(descriptor: int) -> None:
        time.sleep(0.05)
        raise OSError(5, f"Input/output error on {descriptor}")

    monkeypatch.setattr(segment_writer, "_sync", slow_and_broken)
    writer = SpoolWriter(path)

    def attempt(n: int) -> AuditStoreError:
        with pytest.raises(AuditStoreError, match="failed to sync") as failure:
            writer.append(b"{%d}" % n)
        return failure.value

    with ThreadPoolExecutor(8) as pool:
        errors = list(pool.map(attempt, range(16)))
    assert len({id(error) for error in errors}) == 16
    assert {error.stored for error in errors} == {"unknown: send it again with the same event_id"}
