"""Deliveries: what is due to each receiver, and one sender at a time."""

import threading
from datetime import datetime
from pathlib import Path

import pytest

from audit_store.errors import StoreBusy
from audit_store.state import deliveries
from tests.audit_store.state.stores import SINK, message

AT = datetime(2026, 3, 14, 13)  # noqa: DTZ001 - naive UTC


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


def test_a_failed_attempt_is_kept_until_the_message_arrives(path: Path) -> None:
    (due,) = deliveries.add(path, SINK, [message("a")])
    deliveries.postpone(path, due, AT, "503 Service Unavailable")
    (due,) = deliveries.read(path, SINK)
    assert (due.failures, due.next_at, due.answer) == (1, AT, "503 Service Unavailable")
    deliveries.postpone(path, due, AT, "no answer in 10 s")
    (due,) = deliveries.read(path, SINK)
    assert (due.failures, due.answer, due.is_delivered) == (2, "no answer in 10 s", False)
    deliveries.acknowledge(path, due)
    (arrived,) = deliveries.read(path, SINK)
    assert (arrived.failures, arrived.is_delivered) == (0, True)


def test_a_dead_letter_is_due_again_on_request(path: Path) -> None:
    first, second, third = deliveries.add(path, SINK, [message("a"), message("b"), message("c")])
    deliveries.refuse(path, first, "400 Bad Request")
    deliveries.postpone(path, second, AT, "503 Service Unavailable")
    (letter,) = deliveries.dead_letters(path)
    assert (letter.id, letter.sink, letter.answer) == (first.id, SINK, "400 Bad Request")
    assert deliveries.send_again(path, [first.id, second.id, third.id, 999]) == 1
    assert deliveries.dead_letters(path) == []
    assert [due.failures for due in deliveries.read(path, SINK)] == [0, 1, 0]


def test_a_second_sender_waits_for_the_first(path: Path) -> None:
    waiting, order = threading.Event(), []

    def second() -> None:
        waiting.set()
        with deliveries.one_sender(path, "sink", wait=30):
            order.append("second")

    thread = threading.Thread(target=second)
    with deliveries.one_sender(path, "sink"):
        thread.start()
        waiting.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_waiting_for_another_sender_is_bounded(path: Path) -> None:
    with (
        deliveries.one_sender(path, "sink"),
        pytest.raises(StoreBusy, match="another program is sending the alarms of"),
        deliveries.one_sender(path, "sink", wait=0.05),
    ):
        pass
