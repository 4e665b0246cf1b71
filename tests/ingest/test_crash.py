"""A writer or a fold is killed at random moments: every acknowledged event is stored, once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from ingest import append
from ingest.fold import fold
from tests import ROOT, forked

WRITER = """
import sys
from ingest import append, append_many
number = 0
while True:
    print(append(agent="writer", activity="Login", metadata={"number": number}, fold=False), flush=True)
    print(*append_many([{"agent": "batch", "activity": "Login"}] * 3, fold=False), sep="\\n", flush=True)
    number += 1
"""

FOLDER = """
from pathlib import Path
import os
from ingest.fold import fold
print("ready", flush=True)
while True:
    fold(Path(os.environ["AUDIT_STORE"]))
"""


def start(script: str, store: Path, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
    return forked.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        stdout=output,
        stderr=subprocess.PIPE,
        env=os.environ | {"AUDIT_STORE": str(store)},
    )


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    assert errors == b""


def stored_ids(store: Path) -> list[str]:
    frame = Store(store).run(Query("SELECT seq, event_id::VARCHAR AS event_id FROM events ORDER BY seq"))
    assert frame.seq.tolist() == list(range(len(frame)))
    return list(frame.event_id)


@pytest.fixture(scope="session")
def kills(campaign: bool) -> int:
    """How many processes a test kills."""
    return 50 if campaign else 10


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.mark.processes
def test_a_killed_writer_loses_no_acknowledged_event(store: Path, tmp_path: Path, kills: int) -> None:
    randomness = random.Random(11)
    acknowledged = tmp_path / "acknowledged"
    for _ in range(kills):
        with acknowledged.open("ab") as output:
            before = output.tell()
            writer = start(WRITER, store, output)
        while acknowledged.stat().st_size == before:
            time.sleep(0.005)
        time.sleep(randomness.random() * 0.1)
        kill(writer)
    fold(store)
    stored = stored_ids(store)
    event_ids = [line for line in acknowledged.read_text().splitlines() if len(line) == 36]
    assert len(event_ids) > kills
    assert len(set(stored)) == len(stored)
    assert set(event_ids) <= set(stored)
    assert not store.with_name(store.name + ".rejects.jsonl").exists()


@pytest.mark.processes
def test_a_killed_fold_is_finished_by_the_next_and_stores_nothing_twice(store: Path, kills: int) -> None:
    randomness = random.Random(12)
    event_ids: list[str] = []
    for _ in range(kills):
        folder = start(FOLDER, store, subprocess.PIPE)
        assert folder.stdout is not None
        folder.stdout.readline()
        end = time.monotonic() + randomness.random() * 0.15
        while time.monotonic() < end:
            event_ids.append(append(agent="writer", activity="Login", store=store, fold=False))
        kill(folder)
    fold(store)
    assert sorted(stored_ids(store)) == sorted(event_ids)
    assert len(event_ids) > kills
