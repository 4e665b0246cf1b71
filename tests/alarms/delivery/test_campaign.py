"""Recorded alarms to a receiver that fails in every way, by senders that are killed: each arrives, with one key.

`python -m pytest tests/alarms/delivery/test_campaign.py --campaign -s` prints the table of docs/reliability.md.
"""

import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
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
MOST_RUNS = 300
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
FAILURES = ("429", "500", "no answer", "half a status line", "half of the request is read", "hangs")
WEIGHTS = (3, 3, 3, 3, 3, 1)
REFUSALS = ("400", "301")
TORN = "200, and half of a body"
RETRY_AFTER = 1.0
TITLES = {"200": "200", "hangs": "no answer for 3 s", "429": f"429, Retry-After: {RETRY_AFTER:g}"}


class Unreliable(ThreadingHTTPServer):
    """Refuses one message in ten for good, fails others for a time, and acknowledges the rest.

    `attempts` are the answers to each message, by its key, and when they were given.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dice = random.Random(SEED)
        self.fates: dict[str, list[str]] = {}
        self.attempts: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        self.bodies: defaultdict[str, set[bytes]] = defaultdict(set)
        self.turn = threading.Lock()

    def answer(self, key: str) -> str:
        """How to answer a message."""
        with self.turn:
            if key not in self.fates:
                failures = self.dice.choices(FAILURES, WEIGHTS, k=self.dice.choice([0, 0, 1, 3]))
                refusals = [self.dice.choice(REFUSALS)] if self.dice.random() < 0.1 else []
                self.fates[key] = failures + refusals
            fate = self.fates[key]
            answer = fate.pop(0) if fate else self.dice.choice(["200", TORN])
            self.attempts[key].append((time.monotonic(), answer))
            return answer

    def acknowledged(self, key: str) -> list[float]:
        """When a message was acknowledged."""
        return [moment for moment, answer in self.attempts[key] if answer.startswith("200")]

    @property
    def arrived(self) -> set[str]:
        """The messages that were acknowledged."""
        return {key for key in self.attempts if self.acknowledged(key)}


class _Handler(BaseHTTPRequestHandler):
    server: Unreliable

    def do_POST(self) -> None:
        key, length = self.headers["Idempotency-Key"], int(self.headers["Content-Length"])
        answer = self.server.answer(key)
        with suppress(OSError):  # a sender that was killed has gone
            if answer == "half of the request is read":
                self.rfile.read(length // 2)
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = self.rfile.read(length)
            if len(body) == length:
                self.server.bodies[key].add(body)
            self._give(answer)

    def _give(self, answer: str) -> None:
        if answer == "hangs":
            self.connection.recv(1)  # until the sender gives up
        elif answer == "half a status line":
            self.wfile.write(b"HTTP/1.1 20")
            self.connection.shutdown(socket.SHUT_RDWR)
        elif answer != "no answer":
            self.send_response(int(answer[:3]))
            self.send_header("Location", "/elsewhere")
            if answer == "429":
                self.send_header("Retry-After", f"{RETRY_AFTER:g}")
            self.send_header("Content-Length", "100" if answer == TORN else "0")
            self.end_headers()
            self.wfile.write(b"x" * 50 if answer == TORN else b"")

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def alarms_of(store: Store, count: int) -> list[str]:
    """Record so many alarms of the days before AT; gives their IDs."""
    starts = [AT - number * HOUR / 2 for number in range(count)]
    records = [record(id=str(uuid4()), starts_at=start, ends_at=start + HOUR) for start in starts]
    write(store, *records)
    return [alarm.id for alarm in records]


def send(store: Store, urls: Sequence[str], kills: int, count: int) -> list[float]:
    """Start senders until all is sent, the first of them killed at random moments; gives these moments."""
    command, dice = [sys.executable, "-c", SENDER, str(store.path), *urls], random.Random(SEED)
    killed: list[float] = []
    for _ in range(MOST_RUNS):
        with forked.Popen(command, cwd=ROOT) as sender:
            if len(killed) < kills:
                with suppress(subprocess.TimeoutExpired):
                    sender.wait(dice.uniform(0.3, 2.0))
                sender.kill()
                killed.append(time.monotonic())
        if len(killed) == kills and all(_is_settled(store.path, url, count) for url in urls):
            return killed
    raise AssertionError(f"not all is sent after {MOST_RUNS} runs")


@pytest.mark.processes
@pytest.mark.timeout(1800)
def test_every_alarm_arrives_or_is_a_dead_letter(store: Store, receiver: Receiver, campaign: bool) -> None:
    count, kills = (200, 40) if campaign else (20, 2)
    alarms = set(alarms_of(store, count))
    with Unreliable() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        urls = [f"http://127.0.0.1:{server.server_port}/", receiver.url]
        killed = send(store, urls, kills, count)
        server.shutdown()
    letters = {letter.message.key for letter in deliveries.dead_letters(store.path)}
    assert set(server.attempts) == alarms, "the ID is the key of the first message"
    assert server.arrived | letters == alarms
    assert not server.arrived & letters
    assert letters == {key for key, given in server.attempts.items() if given[-1][1] in REFUSALS}
    assert all(len(bodies) == 1 for bodies in server.bodies.values()), "a key stands for one message"
    assert set(receiver.keys) == alarms, "the other receiver is held up by nothing"
    assert len(receiver.keys) - len(alarms) <= kills
    again = [_again_after(server, key, killed) for key in alarms]
    assert not any(unexplained for _, unexplained in again), "sent again, and no sender was killed between"
    early = [key for key in alarms if _is_early(server.attempts[key], killed)]
    assert not early, "sent again before Retry-After"
    print(_table(server, letters, killed, again))


def _again_after(server: Unreliable, key: str, killed: Sequence[float]) -> tuple[int, int]:
    """How often a message was sent again after it was acknowledged, and how often without a kill between."""
    pairs = list(pairwise(server.acknowledged(key)))
    return len(pairs), sum(not _is_kill_between(pair, killed) for pair in pairs)


def _is_early(attempts: Sequence[tuple[float, str]], killed: Sequence[float]) -> bool:
    """Whether a message came back before Retry-After, from a sender that can have noted it."""
    return any(
        answer == "429" and after - before < RETRY_AFTER and not _is_kill_between((before, after), killed)
        for (before, answer), (after, _) in pairwise(attempts)
    )


def _is_kill_between(moments: tuple[float, float], killed: Sequence[float]) -> bool:
    return any(moments[0] < moment < moments[1] for moment in killed)


def _is_settled(path: Path, url: str, alarms: int) -> bool:
    stored = deliveries.read(path, webhook(url).name)
    is_over = [delivery.is_delivered or delivery.refused_at is not None for delivery in stored]
    return len(is_over) == alarms and all(is_over)


def _table(
    server: Unreliable, letters: Collection[str], killed: Sequence[float], again: Sequence[tuple[int, int]]
) -> str:
    """What happened, as rows of a table in Markdown."""
    answers = Counter(answer for given in server.attempts.values() for _, answer in given)
    unexplained = sum(number for _, number in again)
    rows = {
        "alarms": len(server.attempts),
        "senders killed": len(killed),
        "attempts": answers.total(),
        **{f"answer: {TITLES.get(answer, answer)}": number for answer, number in sorted(answers.items())},
        "alarms acknowledged": len(server.arrived),
        "alarms refused for good (dead letters)": len(letters),
        "alarms lost": len(server.attempts) - len(server.arrived) - len(letters),
        "acknowledged alarms sent again, after their sender was killed": sum(number for number, _ in again)
        - unexplained,
        "acknowledged alarms sent again without that": unexplained,
    }
    return "\n".join(f"| {name} | {number:,} |" for name, number in rows.items())
