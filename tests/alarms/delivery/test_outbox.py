"""Alarms are posted each once: over retries, restarts, growing attacks, and two programs at a time."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from alarms import LoginAlarm, NotDelivered, Sink, Told, deliver, syslog, webhook
from alarms.delivery.outbox import undelivered
from alarms.delivery.webhook import one_line
from audit_store.state import database
from tests.alarms.login_alarms import AT, HOUR, alarm

STORE_ID = "3f0c8a52-0a8f-4f0e-9a55-6cf2f8a0a111"
OTHER_STORE = "11111111-0a8f-4f0e-9a55-6cf2f8a0a111"
QUICK = (0.01, 0.01)


@dataclass
class Receiver:
    """A real HTTP server on 127.0.0.1: `answers` are given in turn, then 200; None closes without an answer."""

    answers: list[int | None] = field(default_factory=list)
    taken: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    url: str = ""

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.taken]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.taken.append((self.headers["Idempotency-Key"], json.loads(body)))
            answer = state.answers.pop(0) if state.answers else 200
            if answer is not None:
                self.send_response(answer)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def do_GET(self) -> None:
            raise AssertionError("a redirect was followed")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/hook?token=secret"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


def told(found: LoginAlarm | None = None) -> Told:
    found = found or alarm()
    return Told(found, f"{found.key.agent}: 41 <logins> & more; by chance", 38, 1, "203.0.113.9")


def hook(receiver: Receiver) -> Sink:
    return webhook(receiver.url, QUICK, timeout=5)


def test_an_alarm_is_posted_once_however_often_it_is_found(path: Path, receiver: Receiver) -> None:
    for expected in (2, 0, 0):
        sent = deliver(path, STORE_ID, [told(), told(alarm(kind="all", agent=""))], hook(receiver))
        assert (sent.delivered, sent.due, sent.problems) == (expected, 0, ())
    assert len(set(receiver.keys)) == len(receiver.taken) == 2


def test_what_is_posted_says_all_that_is_known(path: Path, receiver: Receiver) -> None:
    deliver(path, STORE_ID, [told()], hook(receiver))
    key, body = receiver.taken[0]
    assert body["key"] == key
    assert (body["start"], body["end"]) == ("2026-03-14T13:00:00Z", "2026-03-14T14:00:00Z")
    assert (body["agent"], body["kind"], body["failed"], body["address"]) == (
        "support-7",
        "agent",
        38,
        "203.0.113.9",
    )
    assert body["sentence"] == told().sentence
    assert body["text"] == "support-7: 41 &lt;logins&gt; &amp; more; by chance"


@pytest.mark.parametrize("answers", [[500], [503, 429], [None], [408, None]])
def test_a_passing_failure_is_tried_again_with_the_same_key(
    path: Path, receiver: Receiver, answers: list[int | None]
) -> None:
    receiver.answers = [*answers]
    assert deliver(path, STORE_ID, [told()], hook(receiver)).delivered == 1
    assert len(receiver.taken) == len(answers) + 1
    assert len(set(receiver.keys)) == 1


@pytest.mark.parametrize("answer", [400, 401, 404, 410, 301, 302, 307])
def test_a_refusal_is_not_tried_again_until_the_next_run(path: Path, receiver: Receiver, answer: int) -> None:
    receiver.answers = [answer]
    sent = deliver(path, STORE_ID, [told()], hook(receiver))
    assert (sent.delivered, sent.due, len(receiver.taken)) == (0, 1, 1)
    assert f"answered {answer}" in sent.problems[0]
    assert "secret" not in sent.problems[0]
    assert deliver(path, STORE_ID, [], hook(receiver)).delivered == 1
    assert len(set(receiver.keys)) == 1


def test_a_receiver_that_is_down_gets_everything_later_in_order(path: Path, receiver: Receiver) -> None:
    many = [told(alarm(agent=name, start=AT + n * 5 * HOUR)) for n, name in enumerate("abc")]
    receiver.answers = [500] * 3
    sent = deliver(path, STORE_ID, many[::-1], hook(receiver))
    assert (sent.delivered, sent.due, len(receiver.taken)) == (0, 3, 3)
    assert undelivered(path, many, hook(receiver)) == many
    assert deliver(path, STORE_ID, [], hook(receiver)).delivered == 3
    assert [body["agent"] for _, body in receiver.taken[3:]] == ["a", "b", "c"]
    assert undelivered(path, many, hook(receiver)) == []


def test_nobody_listens(path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    sent = deliver(path, STORE_ID, [told()], webhook(url, (0.01,), timeout=2))
    assert sent.due == 1
    assert "webhook 127.0.0.1 cannot be reached" in sent.problems[0]


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
    deliver(path, STORE_ID, [told()], hook(receiver))
    assert deliver(path, STORE_ID, [told(later)], hook(receiver)).delivered == expected


def test_an_alarm_over_several_series_is_posted_once_whichever_is_the_worst(
    path: Path, receiver: Receiver
) -> None:
    parts = [alarm(), WHOLE, alarm(kind="failed", agent="")]
    for first in (0, 1, 2):
        lead, *also = parts[first:] + parts[:first]
        deliver(path, STORE_ID, [told(replace(lead, also=tuple(also)))], hook(receiver))
    assert [body["also"] for _, body in receiver.taken] == [
        [{"kind": "all", "agent": None}, {"kind": "failed", "agent": None}]
    ]


def test_an_attack_that_reaches_a_further_agent_is_news_with_a_key_of_its_own(
    path: Path, receiver: Receiver
) -> None:
    """The series that leads the alarm stays the same, and with it the alarm's own key."""
    further = alarm(agent="support-8"), alarm(agent="support-9")
    for reached in ((), further[:1], further):
        sent = deliver(path, STORE_ID, [told(replace(alarm(), also=reached))], hook(receiver))
        assert (sent.delivered, sent.due) == (1, 0)
        assert undelivered(path, [told(replace(alarm(), also=reached))], hook(receiver)) == []
    assert len(set(receiver.keys)) == 3
    assert [body["key"] for _, body in receiver.taken] == receiver.keys


def test_a_message_whose_fate_is_unknown_is_sent_again_as_it_was(path: Path, receiver: Receiver) -> None:
    """The program dies between the answer and the note of it; by then the attack has grown."""

    class Killed(BaseException):
        """What a kill looks like from inside."""

    real = hook(receiver)

    def dying(sentence: str, body: str, key: str) -> None:
        real.send(sentence, body, key)
        raise Killed

    with pytest.raises(Killed):
        deliver(path, STORE_ID, [told()], Sink(real.name, dying))
    deliver(path, STORE_ID, [told(alarm(start=AT - HOUR, hours=4))], real)
    deliver(path, STORE_ID, [told(alarm(start=AT - HOUR, hours=5))], real)
    assert len(receiver.taken) == 2
    assert receiver.taken[0] == receiver.taken[1]


def test_two_programs_at_once_post_once(path: Path, receiver: Receiver) -> None:
    many = [told(alarm(agent=f"agent-{n}")) for n in range(20)]
    threads = [
        threading.Thread(target=deliver, args=(path, STORE_ID, many, hook(receiver))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.taken) == len(set(receiver.keys)) == 20


def test_stores_and_receivers_do_not_share_keys_or_secrets(path: Path, receiver: Receiver) -> None:
    deliver(path, STORE_ID, [told()], hook(receiver))
    deliver(path.with_name("other.duckdb"), OTHER_STORE, [told()], hook(receiver))
    second = webhook(receiver.url + "&other", QUICK)
    assert deliver(path, STORE_ID, [told()], second).delivered == 1
    assert len(set(receiver.keys)) == 2
    assert b"secret" not in database.path_of(path).read_bytes()


@pytest.mark.parametrize("url", ["ftp://host/x", "file:///etc/passwd", "example.org/hook", "http://", ""])
def test_a_webhook_is_a_web_address(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        webhook(url)


def test_syslog_by_udp_has_the_form_of_rfc_5424(path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        sink = syslog(f"127.0.0.1:{server.getsockname()[1]}")
        bad = Told(alarm(), "support\n<0>1 forged\x1b[2J: 41 logins", 0, 0, None)
        assert deliver(path, STORE_ID, [bad], sink).delivered == 1
        assert deliver(path, STORE_ID, [bad], sink).delivered == 0
        line = server.recv(4096).decode()
    head, _, rest = line.partition("] ")
    priority, moment, _, program, _, kind, _, data = head.split(" ")
    assert (priority, program, kind) == ("<84>1", "audit-alarms", "login-alarm")
    assert datetime.fromisoformat(moment).utcoffset() == timedelta()
    assert data.startswith('key="')
    assert rest == r"support\n<0>1 forged\x1b[2J: 41 logins"


def test_syslog_by_a_socket(path: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        server.settimeout(5)
        assert deliver(path, STORE_ID, [told()], syslog(str(tmp_path / "log"))).delivered == 1
        assert server.recv(4096).decode() == f"<84>audit-alarms: {told().sentence}"
    with pytest.raises(NotDelivered, match="nowhere"):
        syslog(str(tmp_path / "nowhere")).send("text", "{}", "key")


@pytest.mark.parametrize("address", ["", ":514", "host:", "host:0", "host:99999", "host:x"])
def test_a_syslog_address_is_checked(address: str) -> None:
    with pytest.raises(ValueError, match="HOST"):
        syslog(address)


def test_one_line_keeps_letters_and_escapes_the_rest() -> None:
    assert one_line("ünal 日本 \r\n\t\x00\u202e\ud800") == r"ünal 日本 \r\n\t\x00\u202e\ud800"
