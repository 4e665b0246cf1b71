"""Writers, readers, browsers and an outsider on one store at the same time."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from ingest import append
from ingest.spool import has_waiting
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
end = time.time() + float(sys.argv[1])
while time.time() < end:
    try:
        with duckdb.connect(os.environ["AUDIT_STORE"], read_only=True) as connection:
            looked = time.time()
            rows = connection.execute("SELECT event_id::VARCHAR FROM events").fetchall()
        for (event_id,) in rows:
            seen.setdefault(event_id, before)
        before = looked
    except duckdb.IOException:
        refused += 1
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
    store = tmp_path / "audit.duckdb"
    append(agent="first", activity="Login", store=store, fold=False)
    server = serve(store)
    sessions = [visit(server.url + path) for path in ("/", "/log", "/store")]
    outsider = run(OUTSIDER, store, "14")
    writers = [run(WRITER, store, f"writer-{number}") for number in range(WRITERS)]
    while any(writer.poll() is None for writer in writers):
        for session in sessions:
            session.page.reload()
            session.settle()
    acknowledged: dict[str, float] = {}
    for writer in writers:
        output, errors = writer.communicate()
        assert errors == ""
        acknowledged |= times(output)
    assert len(acknowledged) == WRITERS * EACH
    end = time.monotonic() + 2
    while has_waiting(store) and time.monotonic() < end:
        time.sleep(0.05)
    output, errors = outsider.communicate()
    missing_until = times(output)
    assert "Traceback" not in errors
    late = {
        name: missing_until[name] - at for name, at in acknowledged.items() if missing_until[name] - at > 2
    }
    assert late == {}
    sessions[0].page.reload()
    sessions[0].settle()
    assert "1,001" in sessions[0].page.inner_text("[data-testid=stMain]")
    check_sequence(store)


def check_sequence(store: Path) -> None:
    from audit_store.queries import Query
    from audit_store.store import Store

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
