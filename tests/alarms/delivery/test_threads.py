"""A receiver that hangs holds up neither the detector nor other receivers."""

import socket
from collections.abc import Iterator

import pytest

from alarms import webhook
from alarms.delivery.outbox import Sink
from alarms.delivery.threads import DeliveryThreads
from alarms.detector.thread import DetectorThread
from audit_store.engines.duckdb.store import Store
from audit_store.local_time import now
from tests.alarms.delivery.receiver import Receiver
from tests.alarms.detector.test_thread import HOUR, PATIENCE, wait_for
from tests.alarms.login_logs import logins, store_of


@pytest.fixture
def hanging() -> Iterator[socket.socket]:
    """A server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def sinks(hanging: socket.socket, receiver: Receiver) -> list[Sink]:
    """The one that hangs, for longer than the test waits, and one that takes everything."""
    url = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
    return [webhook(url, timeout=10 * PATIENCE), webhook(receiver.url)]


@pytest.fixture
def log(store: Store) -> Store:
    """Three weeks of an agent with three logins an hour."""
    hours = [now().replace(minute=0, second=0, microsecond=0) - number * HOUR for number in range(1, 504)]
    return store_of(store, [row for at in hours for row in logins("support-1", at, 3)])


def test_judging_and_other_receivers_go_on_while_one_hangs(
    log: Store, sinks: list[Sink], receiver: Receiver
) -> None:
    with (
        DeliveryThreads(log.path, lambda: sinks) as deliveries,
        DetectorThread(log.path, after=deliveries.wake),
    ):
        for count, hours in enumerate((30, 20, 10), start=1):
            store_of(log, logins("support-1", now() - hours * HOUR, 60))
            wait_for(lambda count=count: len(receiver.keys) == count)  # type: ignore[misc]
    assert len(set(receiver.keys)) == 3
