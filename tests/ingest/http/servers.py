"""Real servers of the HTTP interface, and requests to them."""

import contextlib
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.http import tokens
from ingest.http.bodies import MAX_BYTES
from tests import ROOT, forked

JSON, NDJSON, PROTOBUF = "application/json", "application/x-ndjson", "application/x-protobuf"


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The value in the body."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Server:
    """A running server, and a token of the source "web"."""

    store: Path
    url: str
    token: str
    process: "subprocess.Popen[Any]"

    def ask(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        context: ssl.SSLContext | None = None,
        **headers: str,
    ) -> Answer:
        """Send a request without a token; the names of headers are written with underscores."""
        connection = self._connection(context)
        with contextlib.closing(connection):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, content or None, named)
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answered, response.read())

    def _connection(self, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
        host = self.url.partition("://")[2]
        if context is None:
            return http.client.HTTPConnection(host, timeout=30)
        return http.client.HTTPSConnection(host, timeout=30, context=context)

    def post(self, content: Any, kind: str = JSON, path: str = "/v1/events", **headers: str) -> Answer:
        """Send a body, bytes or a value that becomes JSON, with the token."""
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        given = {"Authorization": f"Bearer {self.token}", "Content_Type": kind, **headers}
        return self.ask("POST", path, sent, **given)

    @contextlib.contextmanager
    def begun(self, content: bytes) -> Iterator[socket.socket]:
        """A request that is sent but for the end of its body, of MAX_BYTES."""
        host, port = self.url.partition("://")[2].split(":")
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: {JSON}\r\nContent-Length: {MAX_BYTES}\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as connection:
            connection.settimeout(30)
            connection.sendall(head.encode() + content)
            yield connection

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask the process to end, and wait until it has."""
        self.process.send_signal(how)
        self.process.wait(30)


@contextlib.contextmanager
def serving(store: Path, *options: str) -> Iterator[Server]:
    """A server on a free port, ended afterwards; its output must hold no traceback."""
    _, token = tokens.create(store, "web", None)
    command = [sys.executable, "-m", "ingest", "serve", "--port", "0", "--store", str(store), *options]
    log = store.with_name("serve.log")
    with log.open("wb") as output:
        process = forked.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=output)
    assert process.stderr is not None
    line = process.stderr.readline().decode()
    found = re.match(r"listening on (\S+), storing in ", line)
    assert found is not None, line + process.stderr.read().decode()
    server = Server(store, found[1], token, process)
    try:
        yield server
    finally:
        server.end()
        assert "Traceback" not in process.stderr.read().decode()
        process.stderr.close()
