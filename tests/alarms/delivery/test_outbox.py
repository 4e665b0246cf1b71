"""Each alarm is sent until it is acknowledged, and then never again: over restarts, growing attacks, two programs."""

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alarms import AlarmSummary, LoginAlarm, NotDelivered, Refused, Sink, deliver
from alarms.delivery import outbox
from alarms.delivery.outbox import undelivered
from audit_store.local_time import now, utc_text
from audit_store.state import deliveries, row_checksums
from audit_store.state.database import path_of
from audit_store.state.deliveries import Message
from tests.alarms.login_alarms import AT, HOUR, alarm, summary

STORE_ID = "3f0c8a52-0a8f-4f0e-9a55-6cf2f8a0a111"
OTHER_STORE = "11111111-0a8f-4f0e-9a55-6cf2f8a0a111"


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


def delivered(path: Path, receiver: Receiver, alarms: Sequence[LoginAlarm]) -> int:
    return deliver(path, STORE_ID, [summary(of) for of in alarms], receiver.sink).delivered


def test_an_alarm_is_sent_once_however_often_it_is_found(path: Path, receiver: Receiver) -> None:
    for expected in (2, 0, 0):
        assert delivered(path, receiver, [alarm(), alarm(kind="all", agent="")]) == expected
    assert len(set(receiver.keys)) == receiver.attempts == 2


def test_a_message_names_the_alarm_and_its_events(path: Path, receiver: Receiver) -> None:
    delivered(path, receiver, [alarm()])
    (message,), (body,) = receiver.messages, receiver.bodies
    assert (body["key"], body["store"]) == (message.key, STORE_ID)
    assert (body["start"], body["end"]) == ("2026-03-14T13:00:00Z", "2026-03-14T14:00:00Z")
    assert (body["agent"], body["kind"], body["failed"]) == ("support-7", "agent", 38)
    assert (body["new_addresses"], body["address"]) == (1, "203.0.113.9")
    assert body["filter"] == alarm().where.parameters()
    assert body["sentence"] == message.sentence == summary().sentence
    assert body["text"].startswith("support-7: 41 &lt;logins&gt; &amp; more, expected 3")


def three() -> list[AlarmSummary]:
    """The alarms of agents a, b and c, one after the other."""
    return [summary(alarm(agent=name, start=AT + number * 5 * HOUR)) for number, name in enumerate("abc")]


def test_a_receiver_that_is_down_gets_everything_later_in_order(path: Path, receiver: Receiver) -> None:
    receiver.is_down = True
    result = deliver(path, STORE_ID, three()[::-1], receiver.sink)
    assert result.delivered == 0
    assert receiver.attempts == outbox.UNREACHABLE, "the others are not tried"
    assert undelivered(path, three(), receiver.sink) == three()
    receiver.is_down = False
    assert delivered(path, receiver, []) == 3
    assert [body["agent"] for body in receiver.bodies] == ["a", "b", "c"]
    assert undelivered(path, three(), receiver.sink) == []


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
    assert undelivered(path, three(), receiver.sink) == three()[:1]
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


WHOLE = alarm(kind="all", agent="")
GROWN = [
    (alarm(hours=4), 0),
    (replace(WHOLE, also=(alarm(),)), 0),
    (replace(WHOLE, also=(alarm(), alarm(agent="support-8"))), 1),
    (WHOLE, 1),
    (alarm(start=AT - 2 * HOUR, hours=3), 0),
    (alarm(start=AT + 3 * HOUR), 0),
    (alarm(start=AT + 4 * HOUR), 1),
    (alarm(agent="support-8"), 1),
]


@pytest.mark.parametrize(("later", "expected"), GROWN)
def test_an_attack_that_grows_is_the_same_alarm(
    path: Path, receiver: Receiver, later: LoginAlarm, expected: int
) -> None:
    delivered(path, receiver, [alarm()])
    assert delivered(path, receiver, [later]) == expected


def test_an_alarm_over_several_series_is_sent_once_whichever_comes_first(
    path: Path, receiver: Receiver
) -> None:
    parts = [alarm(), WHOLE, alarm(kind="failed", agent="")]
    for first in (0, 1, 2):
        lead, *also = parts[first:] + parts[:first]
        delivered(path, receiver, [replace(lead, also=tuple(also))])
    assert [body["also"] for body in receiver.bodies] == [
        [{"kind": "all", "agent": None}, {"kind": "failed", "agent": None}]
    ]


def test_an_attack_that_reaches_a_further_agent_is_news_with_a_key_of_its_own(
    path: Path, receiver: Receiver
) -> None:
    """The series that leads the alarm stays the same, and with it the alarm's own key."""
    further = alarm(agent="support-8"), alarm(agent="support-9")
    for reached in ((), further[:1], further):
        assert delivered(path, receiver, [replace(alarm(), also=reached)]) == 1
        assert undelivered(path, [summary(replace(alarm(), also=reached))], receiver.sink) == []
    assert len(set(receiver.keys)) == 3
    assert [body["key"] for body in receiver.bodies] == receiver.keys


def test_a_message_whose_acknowledgement_is_lost_is_sent_again_as_it_was(
    path: Path, receiver: Receiver
) -> None:
    """The program is killed between the answer and the note of it; by then the attack has grown."""

    def send_and_die(message: Message) -> None:
        receiver.send(message)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(path, STORE_ID, [summary()], Sink(receiver.name, send_and_die))
    delivered(path, receiver, [alarm(start=AT - HOUR, hours=4)])
    delivered(path, receiver, [alarm(start=AT - HOUR, hours=5)])
    assert len(receiver.messages) == 2
    assert receiver.messages[0] == receiver.messages[1]


def test_two_programs_at_once_send_once(path: Path, receiver: Receiver) -> None:
    alarms = [alarm(agent=f"agent-{number}") for number in range(20)]
    threads = [threading.Thread(target=delivered, args=(path, receiver, alarms)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receiver.attempts == len(set(receiver.keys)) == 20


def test_stores_and_receivers_do_not_share_keys(path: Path, receiver: Receiver) -> None:
    second = Receiver("second")
    delivered(path, receiver, [alarm()])
    delivered(path, second, [alarm()])
    deliver(path.with_name("other.duckdb"), OTHER_STORE, [summary()], receiver.sink)
    assert second.keys == receiver.keys[:1]
    assert len(set(receiver.keys)) == 2
