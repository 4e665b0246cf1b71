"""A receiver of webhooks that answers as a test wants it to."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "secret"


@dataclass
class Receiver:
    """A real HTTP server: `answers` are given in turn, then 200; None closes without an answer."""

    answers: list[int | None] = field(default_factory=list)
    messages: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    signatures: list[str | None] = field(default_factory=list)
    retry_after: str = ""
    url: str = ""

    @property
    def keys(self) -> list[str]:
        """The Idempotency-Key of each message."""
        return [key for key, _ in self.messages]

    @property
    def bodies(self) -> list[dict[str, object]]:
        """The body of each message."""
        return [body for _, body in self.messages]


@contextlib.contextmanager
def serving() -> Iterator[Receiver]:
    """A receiver that serves in a thread of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.messages.append((self.headers["Idempotency-Key"], json.loads(body)))
            receiver.authorizations.append(self.headers["Authorization"])
            receiver.signatures.append(self.headers["Audit-Signature"])
            answer = receiver.answers.pop(0) if receiver.answers else 200
            if answer is not None:
                self.send_response(answer)
                self.send_header("Location", "/elsewhere")
                if receiver.retry_after:
                    self.send_header("Retry-After", receiver.retry_after)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def do_GET(self) -> None:
            raise AssertionError("a redirect was followed")

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"http://user:{SECRET}@127.0.0.1:{server.server_port}/hook?token={SECRET}"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
