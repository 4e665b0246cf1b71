"""Which requests are answered, by their Host, Origin and Sec-Fetch headers: the middleware and a real server."""

import asyncio
import contextlib
import http.client
import logging
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from dashboard.server.same_origin import SameOrigin
from tests.conftest import Fill
from tests.dashboard.server.serving import served

CONFIGURED = frozenset(
    {"https://audit.example.com", "https://audit.example.com:8443", "http://plain.example.com"}
)
OWN = "127.0.0.1:8501"
ANSWERED = 200

Headers = list[tuple[str, str]]


def answer(kind: str, headers: Headers, method: str = "GET") -> tuple[int, str]:
    """The status and the text that a request gets; 200 where it is passed on to the dashboard."""
    sent: list[Message] = []

    async def dashboard(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "passed on", "status": ANSWERED})

    async def receive() -> Message:
        return {"type": f"{kind}.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "scheme": "ws" if kind == "websocket" else "http",
        "path": "/",
        "server": ("127.0.0.1", 8501),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    } | ({"method": method} if kind == "http" else {})
    asyncio.run(SameOrigin(dashboard, CONFIGURED)(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent).decode()


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        (OWN, f"http://{OWN}", ANSWERED),
        ("localhost:8501", "http://localhost:8501", ANSWERED),
        ("[::1]:8501", "http://[::1]:8501", ANSWERED),
        ("audit.example.com", "https://audit.example.com", ANSWERED),
        ("audit.example.com:8443", "https://audit.example.com:8443", ANSWERED),
        ("plain.example.com", "http://plain.example.com", ANSWERED),
        # Another port, another scheme, another name of the same machine.
        (OWN, "http://127.0.0.1:9999", 403),
        (OWN, "http://127.0.0.1", 403),
        (OWN, f"https://{OWN}", 403),
        (OWN, "http://localhost:8501", 403),
        ("localhost:8501", f"http://{OWN}", 403),
        ("audit.example.com", "http://audit.example.com", 403),
        ("audit.example.com", "https://audit.example.com:8443", 403),
        ("audit.example.com", f"http://{OWN}", 403),
        (OWN, "https://audit.example.com", 403),
        # Texts that begin or end like an allowed origin, or are none.
        (OWN, f"http://{OWN}.evil.example", 403),
        (OWN, f"http://evil.example/{OWN}", 403),
        (OWN, f"http://evil.example@{OWN}", 403),
        (OWN, f"HTTP://{OWN}", 403),
        (OWN, f"http://{OWN}/", 403),
        (OWN, "null", 403),
        (OWN, "", 403),
        # Names that a page may point at this machine.
        ("evil.example:8501", "http://evil.example:8501", 421),
        ("evil.example", f"http://{OWN}", 421),
        ("audit.example.com.evil.example", "https://audit.example.com.evil.example", 421),
        ("sub.audit.example.com", "https://sub.audit.example.com", 421),
        ("127.0.0.1", "http://127.0.0.1", 421),
        ("127.0.0.1:9999", "http://127.0.0.1:9999", 421),
        ("0.0.0.0:8501", "http://0.0.0.0:8501", 421),
        ("localhost.:8501", "http://localhost.:8501", 421),
        ("plain.example.com:80", "http://plain.example.com:80", 421),
        ("", f"http://{OWN}", 421),
    ],
)
def test_host_and_origin_are_those_of_the_dashboard(kind: str, host: str, origin: str, status: int) -> None:
    assert answer(kind, [("host", host), ("origin", origin)])[0] == status


@pytest.mark.parametrize(
    ("kind", "method", "status"),
    [
        ("http", "GET", ANSWERED),
        ("http", "HEAD", ANSWERED),
        ("http", "OPTIONS", 403),
        ("http", "POST", 403),
        ("http", "PUT", 403),
        ("http", "DELETE", 403),
        ("websocket", "GET", 403),
    ],
)
def test_only_a_read_needs_no_origin(kind: str, method: str, status: int) -> None:
    assert answer(kind, [("host", OWN)], method)[0] == status
    assert answer(kind, [("host", OWN), ("origin", f"http://{OWN}")], method)[0] == ANSWERED


@pytest.mark.parametrize(
    ("site", "mode", "destination", "status"),
    [
        ("same-origin", "cors", "empty", ANSWERED),
        ("none", "navigate", "document", ANSWERED),
        ("cross-site", "navigate", "document", ANSWERED),
        ("same-site", "navigate", "document", ANSWERED),
        ("same-site", "navigate", "iframe", 403),
        ("same-site", "no-cors", "empty", 403),
        ("same-site", "no-cors", "image", 403),
        ("cross-site", "no-cors", "script", 403),
        ("cross-site", "cors", "empty", 403),
        ("something-new", "cors", "empty", 403),
    ],
)
def test_another_page_may_link_to_the_dashboard_and_nothing_else(
    site: str, mode: str, destination: str, status: int
) -> None:
    fetch = [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", destination)]
    assert answer("http", [("host", OWN), *fetch])[0] == status


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ([], 421, "The Host header is missing, which is not an address of this dashboard"),
        ([("host", OWN), ("host", OWN)], 421, f"The Host header is '{OWN}, {OWN}', which is not an address"),
        ([("host", "evil.example")], 421, "'evil.example', which is not an address of this dashboard"),
        ([("host", "\x1b[31m\x9b")], 421, r"The Host header is '\x1b[31m\x9b', which"),
        ([("host", OWN)], 403, f"The Origin header is missing, not http://{OWN}; "),
        (
            [("host", OWN), ("origin", f"http://{OWN}"), ("origin", f"http://{OWN}")],
            403,
            f"'http://{OWN}, http://{OWN}', not http://{OWN}",
        ),
    ],
)
def test_a_refusal_names_the_value_and_the_setting(
    headers: Headers, status: int, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    got = answer("websocket", headers)
    assert got[0] == status
    assert text in got[1]
    assert "AUDIT_HOSTS" in got[1]
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert got[1].strip() in caplog.text


def test_a_long_value_is_cut() -> None:
    assert len(answer("http", [("host", "x" * 10_000)])[1]) < 250


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Iterator[str]:
    """A real server on all addresses that is also reached at https://audit.example.com."""
    store = fill(
        Store(tmp_path_factory.mktemp("store") / "audit.duckdb"), [Event(agent="ada", activity="Login")]
    )
    with served(
        store, "--server.address", "0.0.0.0", AUDIT_HOSTS="audit.example.com", AUDIT_READ_ONLY="1"
    ) as (url, log):
        yield url
    assert "Traceback" not in log.read_text()


def asked(address: str, path: str, **headers: str) -> tuple[int, str]:
    """The status and the text of a GET request with exactly these headers."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    with contextlib.closing(connection):
        return response.status, response.read().decode()


def opened(address: str, host: str, origin: str | None) -> int:
    """The status with which a WebSocket handshake is answered; 101 if it is open."""
    target = urlsplit(address)
    with contextlib.closing(socket.create_connection((target.hostname, target.port))) as connection:
        try:
            with connect(
                f"ws://{host}/_stcore/stream", sock=connection, origin=origin and Origin(origin), proxy=None
            ):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


@pytest.mark.processes
def test_a_real_server_answers_the_hosts_that_it_is_reached_by(address: str) -> None:
    own = address.removeprefix("http://")
    port = own.rpartition(":")[2]
    for path in ("/", "/log", "/_stcore/health", "/_stcore/metrics", "/media/x", "/static/x.js"):
        for host in (f"evil.example:{port}", "evil.example", "127.0.0.1", f"0.0.0.0:{port}"):
            status, text = asked(address, path, Host=host)
            assert (status, f"The Host header is '{host}'" in text) == (421, True)
    assert asked(address, "/")[0] == 400  # HTTP/1.1 needs a Host header
    for host in (own, f"localhost:{port}", "audit.example.com"):
        assert asked(address, "/_stcore/health", Host=host) == (200, "ok")
        assert asked(address, "/log", Host=host)[0] == 200


@pytest.mark.processes
def test_a_real_server_opens_the_websocket_for_its_own_pages(address: str) -> None:
    own = address.removeprefix("http://")
    port = own.rpartition(":")[2]
    for host, origin, status in [
        (own, address, 101),
        (f"localhost:{port}", f"http://localhost:{port}", 101),
        ("audit.example.com", "https://audit.example.com", 101),
        (own, None, 403),
        (own, "null", 403),
        (own, "http://127.0.0.1:9999", 403),
        (own, f"http://localhost:{port}", 403),
        ("audit.example.com", "http://audit.example.com", 403),
        ("audit.example.com", address, 403),
        (f"evil.example:{port}", f"http://evil.example:{port}", 421),
    ]:
        assert opened(address, host, origin) == status, (host, origin)
