"""Writers, browsers and another program that reads, on one store at the same time."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from playwright.sync_api import expect

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest import append
from ingest.spool.folder import has_waiting
from tests import ROOT, forked
from tests.browser.conftest import PATIENCE, Serve, Visit, leave, slowness

WRITERS, EACH = 4, 50
SOON = 2.0

WRITER = f"""
import sys, time
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest import append
for number in range({EACH}):
    event_id = append(agent=sys.argv[1], activity="Login", fold=False)
    print(time.time(), event_id, flush=True)
    time.sleep(0.02)
"""

# Another program, which knows only DuckDB's own lock. For each event it prints when it last read the store without
# the event, so that a delay does not depend on how seldom this program can read.
OUTSIDER = """
import os, sys, time
import duckdb
seen, refused, before = {}, 0, 0.0
last = False
while not last:
    last = not os.path.exists(sys.argv[1])
    try:
        with duckdb.connect(os.environ["AUDIT_STORE"], read_only=True) as connection:
            looked = time.time()
            rows = connection.execute("SELECT event_id::VARCHAR FROM events").fetchall()
        for (event_id,) in rows:
            seen.setdefault(event_id, before)
        before = looked
    except duckdb.IOException:
        refused, last = refused + 1, False
    time.sleep(0.05)
for event_id, at in seen.items():
    print(at, event_id)
print("refused", refused, file=sys.stderr)
"""


def run(script: str, store: Path, *arguments: str) -> subprocess.Popen[str]:
    return forked.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env=os.environ | {"AUDIT_STORE": str(store)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def times(output: str) -> dict[str, float]:
    return {event_id: float(at) for at, event_id in (line.split() for line in output.splitlines())}


def test_everything_at_once(tmp_path: Path, serve: Serve, visit: Visit) -> None:
    store = tmp_path / "audit.duckdb"
    append(agent="first", activity="Login", store=store, fold=False)
    server = serve(store)
    sessions = [visit(server.url + path) for path in ("/", "/log", "/store")]
    running = store.with_name("running")
    running.touch()
    outsider = run(OUTSIDER, store, str(running))
    writers = [run(WRITER, store, f"writer-{number}") for number in range(WRITERS)]
    slow = [slowness()]
    while any(writer.poll() is None for writer in writers):
        for session in sessions:
            session.page.reload()
            session.settle()
            slow.append(slowness())
    acknowledged: dict[str, float] = {}
    for writer in writers:
        output, errors = writer.communicate()
        assert errors == ""
        acknowledged |= times(output)
    assert len(acknowledged) == WRITERS * EACH
    until(lambda: not has_waiting(store), PATIENCE)
    running.unlink()
    output, errors = outsider.communicate()
    assert "Traceback" not in errors
    missing_until = times(output)
    sessions[0].page.reload()
    expect(sessions[0].page.get_by_test_id("stMetricValue").first).to_have_text(f"{WRITERS * EACH + 1:,}")
    for session in sessions:
        leave(session.page)
    assert sequence(store) == list(range(WRITERS * EACH + 1))
    delays = [missing_until[name] - at for name, at in acknowledged.items()]
    # Other work on the machine may hold up a fold; what is late by itself is late for most events.
    assert median(delays) < SOON * median(slow)
    assert max(delays) < PATIENCE * median(slow)


def sequence(store: Path) -> list[int]:
    return list(Store(store).run(Query("SELECT seq FROM events ORDER BY seq"))["seq"])


def until(condition: Callable[[], bool], seconds: float) -> float:
    """Wait for a condition; returns the seconds that took, at most `seconds`."""
    begun = time.monotonic()
    while not condition() and time.monotonic() - begun < seconds:
        time.sleep(0.02)
    return time.monotonic() - begun


def test_a_dashboard_folds_what_threads_append_within_two_seconds(tmp_path: Path, serve: Serve) -> None:
    store = tmp_path / "audit.duckdb"
    serve(store)

    def seconds_until_folded() -> float:
        with ThreadPoolExecutor(8) as threads:
            for _ in range(8):
                threads.submit(append, agent="a", activity="b", store=store, fold=False)
        return until(lambda: not has_waiting(store), PATIENCE)

    # The median, because other work on the machine may hold up one of the folds.
    assert median(seconds_until_folded() / slowness() for _ in range(5)) < SOON
    assert len(sequence(store)) == 5 * 8
