"""Recorded alarms to a receiver that fails in every way, by senders that are killed: each arrives, with one key."""

import random
import socket
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest

from alarms.delivery.webhook import webhook
from audit_store.engines.duckdb.store import Store
from audit_store.state import deliveries
from tests import ROOT, forked
from tests.alarms.delivery.receiver import Receiver
from tests.alarms.records.recorded import AT, HOUR, record, write

SEED = 14
SENDER = """
import sys
from pathlib import Path
from uuid import uuid4
from alarms.delivery import outbox
from alarms.delivery.record_messages import deliver_recent
from alarms.delivery.webhook import webhook
from audit_store.engines.registry import open_store
from tests.alarms.records.recorded import AT

outbox.FIRST_PAUSE, outbox.LONGEST_PAUSE, outbox.PATIENCE = 0.01, 0.1, 0.5
path, *urls = sys.argv[1:]
deliver_recent(open_store(Path(path)), [webhook(url, timeout=3) for url in urls], AT)
"""
FAILURES = ("429", "500", "drop", "none") * 3 + ("hang",)


class Unreliable(ThreadingHTTPServer):
    """Refuses one message in ten for good, fails others for a time, and acknowledges the rest."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dice = random.Random(SEED)
        self.failures: dict[str, list[str]] = {}
        self.acknowledged: Counter[str] = Counter()
        self.bodies: defaultdict[str, set[bytes]] = defaultdict(set)
        self.turn = threading.Lock()

    def answer(self, key: str, body: bytes) -> str:
        """How to answer a message."""
        with self.turn:
            self.bodies[key].add(body)
            if key not in self.failures:
                count = self.dice.choice([0, 0, 1, 3])
                fate = ["400"] if self.dice.random() < 0.05 else ["301"] if self.dice.random() < 0.05 else []
                self.failures[key] = self.dice.choices(FAILURES, k=count) + fate
            if self.failures[key]:
                return self.failures[key].pop(0)
            self.acknowledged[key] += 1
            return "200"


class _Handler(BaseHTTPRequestHandler):
    server: Unreliable

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answer(self.headers["Idempotency-Key"], body)
        if answer == "hang":
            self.connection.recv(1)  # until the sender gives up
        elif answer == "drop":
            self.wfile.write(b"HTTP/1.1 20")
            self.connection.shutdown(socket.SHUT_RDWR)
        elif answer != "none":
            with suppress(OSError):  # a sender that was killed has gone
                self.send_response(int(answer))
                self.send_header("Content-Length", "0")
                self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def alarms_of(store: Store, count: int) -> list[str]:
    """Record so many alarms of the days before AT; gives their IDs."""
    starts = [AT - number * HOUR / 2 for number in range(count)]
    records = [record(id=str(uuid4()), starts_at=start, ends_at=start + HOUR) for start in starts]
    write(store, *records)
    return [alarm.id for alarm in records]


@pytest.mark.processes
@pytest.mark.timeout(1800)
def test_every_alarm_arrives_or_is_a_dead_letter(store: Store, receiver: Receiver, campaign: bool) -> None:
    count, kills = (200, 20) if campaign else (25, 2)
    alarms, dice = alarms_of(store, count), random.Random(SEED)
    with Unreliable() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        command = [sys.executable, "-c", SENDER, str(store.path), url, receiver.url]
        for number in range(200):
            with forked.Popen(command, cwd=ROOT) as sender:
                if number < kills:
                    with suppress(subprocess.TimeoutExpired):
                        sender.wait(dice.uniform(0.5, 2.0))
                    sender.kill()
            if number >= kills and _is_settled(store.path, url, count):
                break
        server.shutdown()
    letters = {letter.message.key for letter in deliveries.dead_letters(store.path)}
    arrived = set(server.acknowledged)
    assert set(server.bodies) == set(alarms), "the ID is the key of the first message"
    assert arrived | letters == set(alarms)
    assert all(len(bodies) == 1 for bodies in server.bodies.values()), "a key stands for one message"
    assert letters
    assert all(key not in arrived for key in letters)
    # A sender that is killed between the answer and its note has to send once more.
    assert sum(server.acknowledged.values()) - len(arrived) <= kills
    assert set(receiver.keys) == set(alarms), "the other receiver is held up by nothing"
    assert len(receiver.keys) - len(alarms) <= kills


def _is_settled(path: Path, url: str, alarms: int) -> bool:
    stored = deliveries.read(path, webhook(url).name)
    is_over = [delivery.is_delivered or delivery.refused_at is not None for delivery in stored]
    return len(is_over) == alarms and all(is_over)
