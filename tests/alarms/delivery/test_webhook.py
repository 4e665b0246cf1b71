"""A webhook over real connections: retries, refusals, a total time limit, and no secret in an error."""

import base64
import hmac
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path

import pytest

from alarms import NotDelivered, Refused, Sink, webhook
from audit_store.state.deliveries import Message
from tests import ROOT
from tests.alarms.delivery.receiver import SECRET, Receiver

MESSAGE = Message("the-key", [], "41 logins", '{"sentence": "41 logins"}')


def hook(receiver: Receiver) -> Sink:
    return webhook(receiver.url, timeout=5)


def problem(sink: Sink) -> str:
    """The words of the error that sending gives."""
    with pytest.raises(NotDelivered) as refusal:
        sink.send(MESSAGE)
    assert SECRET not in f"{refusal.value!r} {refusal.value.__cause__!r}"
    return str(refusal.value)


def test_a_message_is_posted_with_its_key(receiver: Receiver) -> None:
    hook(receiver).send(MESSAGE)
    assert receiver.messages == [("the-key", {"sentence": "41 logins"})]


@pytest.mark.parametrize("has_credentials", [True, False])
def test_credentials_come_from_the_url_alone(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_credentials: bool
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    url = receiver.url if has_credentials else receiver.url.replace(f"user:{SECRET}@", "")
    webhook(url, timeout=5).send(MESSAGE)
    of_url = "Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode()
    assert receiver.authorizations == [of_url if has_credentials else None]


def test_a_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", receiver.url)
    monkeypatch.setenv("no_proxy", "")
    webhook("http://elsewhere.invalid/hook", timeout=5).send(MESSAGE)
    assert receiver.keys == ["the-key"]


@pytest.mark.parametrize("answer", [201, 204])
def test_any_2xx_acknowledges(receiver: Receiver, answer: int) -> None:
    receiver.answers = [answer]
    hook(receiver).send(MESSAGE)


@pytest.mark.parametrize("answer", [500, 503, 429, 408, 425, None])
def test_a_passing_failure_may_be_tried_again(receiver: Receiver, answer: int | None) -> None:
    receiver.answers = [answer]
    with pytest.raises(NotDelivered) as failure:
        hook(receiver).send(MESSAGE)
    assert not isinstance(failure.value, Refused)
    assert failure.value.is_reached == (answer is not None)
    assert len(receiver.messages) == 1, "when, the outbox decides"


@pytest.mark.parametrize(
    ("retry_after", "least", "most"),
    [
        ("120", 120, 120),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0, 0),
        (None, 80, 100),
    ],
)
def test_a_receiver_says_when_to_try_again(
    receiver: Receiver, retry_after: str | None, least: float, most: float
) -> None:
    receiver.answers = [503]
    receiver.retry_after = retry_after or formatdate(time.time() + 100, usegmt=True)
    with pytest.raises(NotDelivered) as failure:
        hook(receiver).send(MESSAGE)
    assert least <= failure.value.retry_after <= most


@pytest.mark.parametrize("answer", [400, 401, 404, 410, 413, 301, 302, 307])
def test_a_refusal_is_final_and_a_redirect_is_not_followed(receiver: Receiver, answer: int) -> None:
    receiver.answers = [answer]
    with pytest.raises(Refused, match=f"^webhook 127.0.0.1 answered {answer} "):
        hook(receiver).send(MESSAGE)
    assert len(receiver.messages) == 1


def test_a_signature_proves_the_sender_and_the_time(receiver: Receiver) -> None:
    begin = int(time.time())
    webhook(receiver.url, secret="shared", timeout=5).send(MESSAGE)
    hook(receiver).send(MESSAGE)
    signed, unsigned = receiver.signatures
    assert unsigned is None
    assert signed is not None
    timestamp, digest = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", signed).groups()  # type: ignore[union-attr]
    assert begin <= int(timestamp) <= time.time()
    expected = hmac.new(b"shared", f"{timestamp}.{MESSAGE.body}".encode(), "sha256").hexdigest()
    assert digest == expected


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


UNREACHABLE = [
    ("http://{secret}@127.0.0.1:{port}/{secret}", "webhook 127.0.0.1 cannot be reached: Connection refused"),
    ("http://{secret}.invalid/hook?{secret}", "webhook "),
    (
        "http://user:{secret}@127.0.0.1:{port}/a {secret}",
        "webhook 127.0.0.1 cannot be reached: Connection refused",
    ),
    ("http://127.0.0.1:{port}/{secret}%zz", "webhook 127.0.0.1 cannot be reached: "),
]


@pytest.mark.parametrize(("url", "words"), UNREACHABLE)
def test_nobody_listens(url: str, words: str) -> None:
    sink = webhook(url.format(secret="token", port=free_port()), timeout=2)
    with pytest.raises(NotDelivered) as refusal:
        sink.send(MESSAGE)
    assert str(refusal.value).startswith(words)
    assert not re.search("[/:?]token|token@|a token", str(refusal.value))


@pytest.fixture
def serve_raw() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Start a server that answers each connection with a function; gives its URL."""
    stopping = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        server = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection, suppress(OSError):
                        answer(connection)

        thread = threading.Thread(target=run)
        thread.start()
        stopping.append((server, thread))
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield start
    for server, thread in stopping:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


def drip(connection: socket.socket) -> None:
    """Answer without an end, a byte at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    for _ in range(60):
        connection.sendall(b"x")
        time.sleep(0.05)


def drip_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
    drip(connection)


def test_an_answer_that_drips_is_cut_off_at_the_time_limit(
    serve_raw: Callable[[Callable[[socket.socket], None]], str],
) -> None:
    begin = time.monotonic()
    assert problem(webhook(serve_raw(drip), timeout=1)).endswith("no answer in 1 s")
    assert time.monotonic() - begin < 2.5


def test_the_body_of_an_acknowledgement_is_not_waited_for(
    serve_raw: Callable[[Callable[[socket.socket], None]], str],
) -> None:
    begin = time.monotonic()
    webhook(serve_raw(drip_body), timeout=10).send(MESSAGE)
    assert time.monotonic() - begin < 2.0


def test_receivers_are_told_apart_without_their_secrets() -> None:
    names = {webhook(f"https://host/hook?{SECRET}={number}").name for number in range(3)}
    assert len(names) == 3
    assert not [name for name in names if SECRET in name or "host" in name]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/x",
        "file:///etc/passwd",
        "example.org/hook",
        "http://",
        "",
        "http://[::1",
        "http://h:99999",
    ],
)
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="invalid webhook URL; it must start with http"):
        webhook(url)


@pytest.mark.processes
def test_the_library_for_sending_is_loaded_only_to_send() -> None:
    script = "import sys, alarms; alarms.webhook('https://host/'); print('requests' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
