"""Alarms to a receiver that fails in every way, by senders that are killed: each arrives, with one key."""

import random
import socket
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alarms import webhook
from audit_store.state import deliveries
from tests import ROOT, forked

SEED = 14
SENDER = """
import sys
from pathlib import Path
from alarms import deliver, webhook
from alarms.delivery import outbox
from tests.alarms.login_alarms import AT, HOUR, alarm, summary

outbox.FIRST_PAUSE, outbox.LONGEST_PAUSE, outbox.PATIENCE = 0.01, 0.1, 0.5
path, url, alarms = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
summaries = [summary(alarm(agent=f"agent-{n}", start=AT + n * 5 * HOUR)) for n in range(alarms)]
deliver(path, "3f0c8a52-0a8f-4f0e-9a55-6cf2f8a0a111", summaries, webhook(url, timeout=3))
"""
FAILURES = ("429", "500", "drop", "none") * 3 + ("hang",)


class Unreliable(ThreadingHTTPServer):
    """Refuses one message in ten for good, fails others for a time, and acknowledges the rest."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dice = random.Random(SEED)
        self.failures: dict[str, list[str]] = {}
        self.acknowledged: Counter[str] = Counter()
        self.agents: defaultdict[str, set[bytes]] = defaultdict(set)
        self.turn = threading.Lock()

    def answer(self, key: str, body: bytes) -> str:
        """How to answer a message."""
        with self.turn:
            self.agents[key].add(body)
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


@pytest.mark.processes
@pytest.mark.timeout(1800)
def test_every_alarm_arrives_or_is_a_dead_letter(tmp_path: Path, campaign: bool) -> None:
    alarms, kills = (200, 20) if campaign else (25, 2)
    path, dice = tmp_path / "audit.duckdb", random.Random(SEED)
    with Unreliable() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        command = [sys.executable, "-c", SENDER, str(path), url, str(alarms)]
        for number in range(200):
            with forked.Popen(command, cwd=ROOT) as sender:
                if number < kills:
                    with suppress(subprocess.TimeoutExpired):
                        sender.wait(dice.uniform(0.5, 2.0))
                    sender.kill()
            if number >= kills and _is_settled(path, url, alarms):
                break
        server.shutdown()
    letters = {letter.message.key for letter in deliveries.dead_letters(path)}
    arrived = set(server.acknowledged)
    assert len(server.agents) == alarms
    assert arrived | letters == set(server.agents)
    assert all(len(bodies) == 1 for bodies in server.agents.values()), "a key stands for one message"
    assert letters
    assert all(key not in arrived for key in letters)
    # A sender that is killed between the answer and its note has to send once more.
    assert sum(server.acknowledged.values()) - len(arrived) <= kills


def _is_settled(path: Path, url: str, alarms: int) -> bool:
    stored = deliveries.read(path, webhook(url).name)
    is_over = [delivery.is_delivered or delivery.refused_at is not None for delivery in stored]
    return len(is_over) == alarms and all(is_over)
