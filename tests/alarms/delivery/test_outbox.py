"""Each alarm is sent until it is acknowledged, and then never again: over restarts, growing attacks, two programs."""

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from alarms.delivery import outbox
from alarms.delivery.outbox import DeliveryResult, NotDelivered, Refused, Sink, send_new
from alarms.delivery.record_messages import new_messages
from alarms.login_alarm import AlarmKey
from alarms.records.identity import SeriesSpan
from alarms.records.record import AlarmRecord
from audit_store.local_time import now, utc_text
from audit_store.state import deliveries, row_checksums
from audit_store.state.database import path_of
from audit_store.state.deliveries import Message
from tests.alarms.records.recorded import AT, HOUR, ID, record

STORE_ID = "3f0c8a52-0a8f-4f0e-9a55-6cf2f8a0a111"


@dataclass
class Receiver:
    """Keeps the messages it acknowledges; none while `is_down`, and none of an agent that has `problems` left."""

    name: str = "receiver"
    messages: list[Message] = field(default_factory=list)
    attempts: int = 0
    is_down: bool = False
    problems: dict[str, list[NotDelivered]] = field(default_factory=dict)

    @property
    def sink(self) -> Sink:
        return Sink(self.name, self.send)

    def send(self, message: Message) -> None:
        self.attempts += 1
        if self.is_down:
            raise NotDelivered(f"{self.name} is down")
        if left := self.problems.get(json.loads(message.body)["agent"]):
            raise left.pop(0)
        self.messages.append(message)

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.messages]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.messages]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again after milliseconds."""
    monkeypatch.setattr(outbox, "FIRST_PAUSE", 0.002)
    monkeypatch.setattr(outbox, "LONGEST_PAUSE", 0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def deliver(path: Path, store_id: str, records: Sequence[AlarmRecord], sink: Sink) -> DeliveryResult:
    return send_new(path, sink, partial(new_messages, store_id, records))


def delivered(path: Path, receiver: Receiver, records: Sequence[AlarmRecord]) -> int:
    return deliver(path, STORE_ID, records, receiver.sink).delivered


def alarm(agent: str = "support-7", number: int = 0, **changes: Any) -> AlarmRecord:
    """An alarm of an agent, with an ID and hours of its own."""
    start, key = AT + number * 5 * HOUR, f"{agent} {number}"
    spans = (SeriesSpan(AlarmKey("agent", "", agent, start), start + HOUR),)
    times = {"starts_at": start, "ends_at": start + HOUR, "spans": spans}
    return record(**{"id": str(uuid5(UUID(ID), key)), "agent": agent, **times, **changes})


def undelivered(path: Path, receiver: Receiver) -> list[str]:
    """The agents of the alarms that a receiver has not acknowledged."""
    stored = deliveries.read(path, receiver.name)
    return [json.loads(delivery.message.body)["agent"] for delivery in stored if not delivery.is_delivered]


def test_an_alarm_is_sent_once_however_often_it_is_found(path: Path, receiver: Receiver) -> None:
    for expected in (2, 0, 0):
        assert delivered(path, receiver, [alarm(), alarm("support-8")]) == expected
    assert len(set(receiver.keys)) == receiver.attempts == 2


def three() -> list[AlarmRecord]:
    """The alarms of agents a, b and c, one after the other."""
    return [alarm(name, number) for number, name in enumerate("abc")]


def test_a_receiver_that_is_down_gets_everything_later_in_order(path: Path, receiver: Receiver) -> None:
    receiver.is_down = True
    result = deliver(path, STORE_ID, three()[::-1], receiver.sink)
    assert result.delivered == 0
    assert receiver.attempts == outbox.UNREACHABLE, "the others are not tried"
    assert undelivered(path, receiver) == ["a", "b", "c"]
    receiver.is_down = False
    assert delivered(path, receiver, []) == 3
    assert [body["agent"] for body in receiver.bodies] == ["a", "b", "c"]
    assert undelivered(path, receiver) == []


def test_a_refused_message_holds_up_no_other_and_is_sent_again_on_request(
    path: Path, receiver: Receiver
) -> None:
    receiver.problems = {"a": [Refused("receiver answered 400")]}
    result = deliver(path, STORE_ID, three(), receiver.sink)
    assert [body["agent"] for body in receiver.bodies] == ["b", "c"]
    words = "receiver answered 400: 1 alarm refused; mend the receiver, then run python -m alarms resend"
    assert (result.delivered, result.problems) == (2, (words,))
    assert deliver(path, STORE_ID, three(), receiver.sink).problems == (words,), "said by every run"
    assert receiver.attempts == 3, "and not tried again"
    assert undelivered(path, receiver) == ["a"]
    (letter,) = deliveries.dead_letters(path)
    assert deliveries.send_again(path, [letter.id]) == 1
    assert deliver(path, STORE_ID, [], receiver.sink).problems == ()
    assert [body["agent"] for body in receiver.bodies] == ["b", "c", "a"]


def test_a_message_that_fails_for_a_time_holds_up_no_other(path: Path, receiver: Receiver) -> None:
    receiver.problems = {"a": [NotDelivered("503", is_reached=True) for _ in range(7)]}
    assert deliver(path, STORE_ID, three(), receiver.sink).problems == ()
    assert [body["agent"] for body in receiver.bodies] == ["b", "c", "a"]
    assert receiver.attempts == 10


def test_the_pause_that_a_receiver_asks_for_is_kept(path: Path, receiver: Receiver) -> None:
    receiver.problems = {"a": [NotDelivered("429", retry_after=3600, is_reached=True)]}
    for _ in range(2):
        result = deliver(path, STORE_ID, three()[:1], receiver.sink)
        assert (result.delivered, result.problems) == (0, ("429: 1 alarm to be sent again",))
    assert receiver.attempts == 1
    (due,) = deliveries.read(path, receiver.name)
    assert due.next_at is not None
    assert timedelta(minutes=58) < due.next_at - now() <= timedelta(hours=1)


def test_pauses_grow(path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FIRST_PAUSE", 1)
    monkeypatch.setattr(outbox, "LONGEST_PAUSE", 100)
    monkeypatch.setattr(outbox, "PATIENCE", 0)
    receiver.problems = {"a": [NotDelivered("503", is_reached=True) for _ in range(9)]}
    pauses = []
    for _ in range(9):
        deliver(path, STORE_ID, three()[:1], receiver.sink)
        (due,) = deliveries.read(path, receiver.name)
        assert due.next_at is not None
        pauses.append((due.next_at - now()).total_seconds())
        with closing(sqlite3.connect(path_of(path))) as connection, connection:
            row_checksums.register(connection)
            connection.execute("UPDATE attempts SET next_at = ?", (utc_text(now()),))
    for number, pause in enumerate(pauses):
        assert min(2**number, 100) / 2 - 1 < pause <= min(2**number, 100)


def test_a_run_ends_and_leaves_the_rest_for_the_next(
    path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "RUN_SECONDS", 0.1)
    monkeypatch.setattr(
        receiver, "send", lambda message: (time.sleep(0.2), receiver.messages.append(message))
    )
    result = deliver(path, STORE_ID, three(), receiver.sink)
    assert (result.delivered, result.problems) == (1, ("2 alarms left for the next run",))
    monkeypatch.setattr(outbox, "RUN_SECONDS", 60)
    assert deliver(path, STORE_ID, [], receiver.sink).delivered == 2


def test_a_message_whose_acknowledgement_is_lost_is_sent_again_as_it_was(
    path: Path, receiver: Receiver
) -> None:
    """The program is killed between the answer and the note of it; by then the attack has grown."""

    def send_and_die(message: Message) -> None:
        receiver.send(message)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(path, STORE_ID, [alarm()], Sink(receiver.name, send_and_die))
    for revision in (2, 3):
        delivered(path, receiver, [alarm(revision=revision, total=42)])
    assert len(receiver.messages) == 2
    assert receiver.messages[0] == receiver.messages[1]


def test_two_programs_at_once_send_once(path: Path, receiver: Receiver) -> None:
    alarms = [alarm(f"agent-{number}") for number in range(20)]
    threads = [threading.Thread(target=delivered, args=(path, receiver, alarms)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receiver.attempts == len(set(receiver.keys)) == 20


def test_receivers_are_told_apart(path: Path, receiver: Receiver) -> None:
    second = Receiver("second")
    delivered(path, receiver, [alarm()])
    delivered(path, second, [alarm()])
    assert second.keys == receiver.keys == [alarm().id]
