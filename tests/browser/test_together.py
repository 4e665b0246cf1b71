"""Writers, readers, browsers and an outsider on one store at the same time."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from playwright.sync_api import expect

from ingest import append
from ingest.spool.writer import has_waiting
from tests.browser.conftest import ROOT, Serve, Visit

WRITERS, EACH = 4, 250

WRITER = f"""
import sys, time
from ingest import append
for number in range({EACH}):
    event_id = append(agent=sys.argv[1], activity="Login", fold=False)
    print(time.time(), event_id, flush=True)
    time.sleep(0.02)
"""

# Another program: it knows nothing of the turns, only DuckDB's own lock. Of each event it says when it looked for the
# last time without finding it: how late an event is does not depend on how seldom this program gets to look.
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
    return subprocess.Popen(
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
    # Other work on the machine can hold up one run; what is late by itself is late each time.
    for attempt in range(3):
        late = late_events(tmp_path / f"audit-{attempt}.duckdb", serve, visit)
        if not late:
            return
    assert late == {}


def late_events(store: Path, serve: Serve, visit: Visit) -> dict[str, float]:
    """Events that could not be seen 2 s after they were acknowledged; nothing else may be wrong."""
    append(agent="first", activity="Login", store=store, fold=False)
    server = serve(store)
    sessions = [visit(server.url + path) for path in ("/", "/log", "/store")]
    going_on = store.with_name("going on")
    going_on.touch()
    outsider = run(OUTSIDER, store, str(going_on))
    writers = [run(WRITER, store, f"writer-{number}") for number in range(WRITERS)]
    while any(writer.poll() is None for writer in writers):
        for session in sessions:
            session.page.reload()
            session.settle()
            session.page.wait_for_timeout(500)
    acknowledged: dict[str, float] = {}
    for writer in writers:
        output, errors = writer.communicate()
        assert errors == ""
        acknowledged |= times(output)
    assert len(acknowledged) == WRITERS * EACH
    end = time.monotonic() + 20
    while has_waiting(store) and time.monotonic() < end:
        time.sleep(0.05)
    going_on.unlink()
    output, errors = outsider.communicate()
    assert "Traceback" not in errors
    missing_until = times(output)
    sessions[0].page.reload()
    expect(sessions[0].page.get_by_test_id("stMetricValue").first).to_have_text("1,001")
    for session in sessions:
        session.page.goto("about:blank")
    check_sequence(store)
    delays = {name: missing_until[name] - at for name, at in acknowledged.items()}
    return {name: delay for name, delay in delays.items() if delay > 2}


def check_sequence(store: Path) -> None:
    from audit_store.engines.duckdb.store import Store
    from audit_store.engines.protocol import Query

    frame = Store(store).run(Query("SELECT seq FROM events ORDER BY seq"))
    assert frame.seq.tolist() == list(range(WRITERS * EACH + 1))


def test_a_dashboard_folds_what_threads_append_within_two_seconds(tmp_path: Path, serve: Serve) -> None:
    store = tmp_path / "audit.duckdb"
    serve(store)
    threads = [
        threading.Thread(target=append, kwargs={"agent": "a", "activity": "b", "store": store, "fold": False})
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end = time.monotonic() + 2
    while has_waiting(store) and time.monotonic() < end:
        time.sleep(0.02)
    assert not has_waiting(store)
