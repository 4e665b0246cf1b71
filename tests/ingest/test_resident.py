"""A dashboard that folds a store is seen by others, whoever asks, and whatever happens at the same time."""

import fcntl
import threading
import time
from pathlib import Path

import pytest

from audit_store import file_lock
from audit_store.store_files import spool_dir
from ingest.resident import is_resident, resident


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def test_a_resident_is_seen_while_it_lasts(store: Path) -> None:
    assert not is_resident(store)
    assert not spool_dir(store).exists()
    with resident(store) as is_first:
        assert is_first
        assert is_resident(store)
    assert not is_resident(store)


def test_a_resident_holds_although_somebody_asks_when_it_begins(store: Path) -> None:
    with resident(store):
        pass
    asking = threading.Event()

    def ask() -> None:
        with file_lock.locked(spool_dir(store) / "resident", fcntl.LOCK_SH, time.monotonic() + 5):
            asking.set()
            time.sleep(0.1)

    probe = threading.Thread(target=ask)
    probe.start()
    asking.wait()
    with resident(store) as is_first:
        probe.join()
        assert is_first
        assert is_resident(store)


def test_the_second_resident_knows_that_it_is_not_the_first(store: Path) -> None:
    with resident(store):
        with resident(store) as is_first:
            assert not is_first
        assert is_resident(store)
    with resident(store) as is_first:
        assert is_first
