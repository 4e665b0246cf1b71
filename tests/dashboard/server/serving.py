"""Real dashboards for tests, and a reverse proxy in front of them."""

import contextlib
import os
import signal
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import STDOUT, Popen
from urllib.error import URLError
from urllib.request import urlopen

from audit_store.engines.duckdb.store import Store
from tests import ROOT

SECONDS = 30.0


@contextmanager
def served(store: Store, *options: str, **environment: str) -> Iterator[tuple[str, Path]]:
    """A real server over a store: its address and its log. `options` are Streamlit's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = store.path.with_name("server.log")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    settings = {**os.environ, "AUDIT_STORE": str(store.path), **environment}
    with (
        log.open("wb") as output,
        Popen(command, cwd=ROOT, env=settings, stdout=output, stderr=STDOUT) as process,
    ):
        try:
            within(lambda: answers(f"http://127.0.0.1:{port}/_stcore/health"))
            yield f"http://127.0.0.1:{port}", log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)


def within(happens: Callable[[], bool]) -> None:
    """Wait until something happens."""
    deadline = time.monotonic() + SECONDS
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(url: str) -> bool:
    """Whether a URL is answered with status 200."""
    try:
        return bool(urlopen(url).status == 200)
    except URLError:
        return False


class Proxy(socketserver.ThreadingTCPServer):
    """A reverse proxy on a free port that passes on every byte, the Host header included."""

    daemon_threads = True
    target = 0
    """The port of the dashboard."""

    @property
    def port(self) -> int:
        """The port of the proxy."""
        return int(self.server_address[1])


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.target)) as upstream:  # type: ignore[attr-defined]
            answers = threading.Thread(target=_copy, args=(upstream, self.request), daemon=True)
            answers.start()
            _copy(self.request, upstream)
            answers.join()


def _copy(source: socket.socket, destination: socket.socket) -> None:
    """Pass on bytes until one side ends the connection; then end the other."""
    with contextlib.suppress(OSError):
        while block := source.recv(1 << 16):
            destination.sendall(block)
    for end in (source, destination):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxying() -> Iterator[Proxy]:
    """A running proxy; set its `target` before the first request."""
    with Proxy(("127.0.0.1", 0), _Connection) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
