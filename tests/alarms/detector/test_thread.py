"""A dashboard judges its log in the background: what is there when it starts, and what arrives while it runs."""

import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.detector.thread import DetectorThread
from alarms.records import reading
from audit_store.engines.duckdb.store import Store
from audit_store.local_time import now
from tests.alarms.login_logs import logins, store_of

HOUR = timedelta(hours=1)
PATIENCE = 120.0


@pytest.fixture
def log(store: Store) -> Store:
    """Three weeks of an agent with three logins an hour."""
    this_hour = now().replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - number * HOUR for number in range(1, 3 * 168)]
    return store_of(store, [row for at in hours for row in logins("support-1", at, 3)])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def test_what_arrives_is_judged_and_handed_on(log: Store) -> None:
    runs: list[int] = []
    with DetectorThread(log.path, after=lambda: runs.append(len(reading.records(log)))) as thread:
        wait_for(lambda: bool(runs))
        assert runs[-1] == 0
        store_of(log, logins("support-1", now() - HOUR, 60, outcome="failure", address="203.0.113.9"))
        wait_for(lambda: runs[-1] == 1)
        assert thread.error is None
    seen = len(runs)
    store_of(log, logins("support-1", now() - 3 * HOUR, 60))
    assert len(runs) == seen, "it is stopped"


def test_a_store_that_cannot_be_judged_is_an_error_until_it_can(log: Store, tmp_path: Path) -> None:
    aside = shutil.move(log.path, tmp_path / "aside")
    log.path.write_bytes(b"no database" * 1000)
    with DetectorThread(log.path) as thread:
        wait_for(lambda: thread.error is not None)
        log.path.unlink()
        shutil.move(aside, log.path)
        wait_for(lambda: thread.error is None)
