"""Syslog by UDP and by a local socket, a line an alarm."""

import contextlib
import json
import socket
import ssl
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alarms import NotDelivered, syslog
from alarms.delivery import payloads
from alarms.delivery.sample import sample
from audit_store.errors import one_line
from audit_store.state.deliveries import Message
from tests.fixtures import certificates

HOSTILE = Message("the-key", [], "support\n<0>1 forged\x1b[2J: 41 logins", "{}")
ESCAPED = r"support\n<0>1 forged\x1b[2J: 41 logins"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost and its key, in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    signed, key = certificates.of_localhost(folder)
    both = folder / "both.pem"
    both.write_bytes(key.read_bytes() + signed.read_bytes())
    return both


def test_a_line_by_udp_has_the_form_of_rfc_5424() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        syslog(f"127.0.0.1:{server.getsockname()[1]}").send(HOSTILE)
        line = server.recv(4096).decode()
    head, _, text = line.partition("] ")
    priority, sent_at, _, program, _, kind, _, data = head.split(" ")
    assert (priority, program, kind) == ("<84>1", "audit-alarms", "login-alarm")
    assert datetime.fromisoformat(sent_at).utcoffset() == timedelta()
    assert (data, text) == ('key="the-key"', ESCAPED)


def received(server: socket.socket, context: ssl.SSLContext | None, lines: list[bytes]) -> None:
    """Take one connection, and what it sends to its end."""
    connection, _ = server.accept()
    with connection if context is None else context.wrap_socket(connection, server_side=True) as stream:
        lines.append(b"".join(iter(lambda: stream.recv(4096), b"")))


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_a_line_by_a_stream_follows_its_length(
    protocol: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    lines: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        taking = threading.Thread(
            target=received, args=(server, context if protocol == "tls" else None, lines)
        )
        taking.start()
        syslog(f"{protocol}://localhost:{server.getsockname()[1]}").send(HOSTILE)
        taking.join()
    length, _, line = lines[0].partition(b" ")
    assert int(length) == len(line)
    assert line.startswith(b"<84>1 ")
    assert line.endswith(ESCAPED.encode())


def test_a_certificate_that_nobody_vouches_for_gets_nothing(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    lines: list[bytes] = []

    def take(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            received(server, context, lines)

    with socket.create_server(("127.0.0.1", 0)) as server:
        taking = threading.Thread(target=take, args=(server,))
        taking.start()
        with pytest.raises(NotDelivered, match="certificate verify failed"):
            syslog(f"tls://localhost:{server.getsockname()[1]}").send(HOSTILE)
        taking.join()
    assert lines == []


def test_a_line_may_be_ocsf() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        syslog(f"udp://127.0.0.1:{server.getsockname()[1]}", payloads.ocsf).send(sample())
        line = server.recv(65_536).decode()
    assert json.loads(line.partition("] ")[2])["class_uid"] == 2004


def test_a_line_by_a_local_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        server.settimeout(5)
        syslog(str(tmp_path / "log")).send(HOSTILE)
        assert server.recv(4096).decode() == f"<84>audit-alarms: {ESCAPED}"


def test_a_socket_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotDelivered, match=f"syslog {tmp_path}/nowhere cannot be reached: No such file"):
        syslog(str(tmp_path / "nowhere")).send(HOSTILE)


def test_a_socket_that_nobody_reads_is_given_up_at_the_time_limit(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "log"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    other.sendto(b"x" * 1000, str(tmp_path / "log"))
        begin = time.monotonic()
        with pytest.raises(NotDelivered, match="log cannot be reached: no answer in"):
            syslog(str(tmp_path / "log"), timeout=0.3).send(HOSTILE)
        assert time.monotonic() - begin < 2


@pytest.mark.parametrize(
    "address",
    [
        "",
        ":514",
        "http://host",
        "tcp://",
        "tls://host:0",
        "host:",
        "host:0",
        "host:99999",
        "host:x",
        "host:²",
    ],
)
def test_an_invalid_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"invalid syslog address .*give HOST"):
        syslog(address)


def test_one_line_keeps_letters_and_escapes_the_rest() -> None:
    assert one_line("ünal 日本 \r\n\t\x00\u202e\ud800") == r"ünal 日本 \r\n\t\x00\u202e\ud800"
