"""Deliveries: what is due to each receiver, and one sender at a time."""

import threading
from pathlib import Path

import pytest

from audit_store.errors import StoreBusy
from audit_store.state import deliveries
from tests.audit_store.state.stores import SINK, message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def test_messages_stay_due_until_they_are_acknowledged(path: Path) -> None:
    first, second = deliveries.add(path, SINK, [message("a"), message("b")])
    assert first.message == message("a")
    deliveries.acknowledge(path, second)
    assert [delivery.is_delivered for delivery in deliveries.add(path, SINK, [message("c")])] == [
        False,
        True,
        False,
    ]


def test_receivers_have_messages_of_their_own(path: Path) -> None:
    deliveries.add(path, SINK, [message("a")])
    (other,) = deliveries.add(path, "syslog /dev/log", [message("a")])
    deliveries.acknowledge(path, other)
    assert [delivery.is_delivered for delivery in deliveries.read(path, SINK)] == [False]


def test_a_second_sender_waits_for_the_first(path: Path) -> None:
    waiting, order = threading.Event(), []

    def second() -> None:
        waiting.set()
        with deliveries.one_sender(path, wait=30):
            order.append("second")

    thread = threading.Thread(target=second)
    with deliveries.one_sender(path):
        thread.start()
        waiting.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_waiting_for_another_sender_is_bounded(path: Path) -> None:
    with (
        deliveries.one_sender(path),
        pytest.raises(StoreBusy, match="another program is sending the alarms of"),
        deliveries.one_sender(path, wait=0.05),
    ):
        pass
