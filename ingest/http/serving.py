"""A server on one address, until it is asked to end."""

import asyncio
import ipaddress
import signal
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from audit_store.errors import InvalidSetting
from ingest.http.app import application
from ingest.http.bodies import Bodies

_BACKLOG = 2048
GRACE_SECONDS = 10
"""How long requests that have begun may take when the server is asked to end."""
SILENT_SECONDS = 20.0
"""How long a connection may be open before its first request is complete but for the body."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens, and with which certificate, if any."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_local(self) -> bool:
        """Whether only programs of this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def check(self) -> None:
        """Raise InvalidSetting for files that are no certificate and its key."""
        if self.certificate is None:
            return
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                self.certificate, self.key, ""
            )
        except (ssl.SSLError, OSError) as error:
            allowed = "name files in PEM that this user may read, the key without a password"
            names = f"{self.certificate} and {self.key}"
            raise InvalidSetting("--tls-cert, --tls-key", names, allowed) from error

    def url(self, port: int) -> str:
        """The beginning of its URLs."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'http' if self.certificate is None else 'https'}://{host}:{port}"


def listening(address: Address) -> socket.socket:
    """A socket that listens at an address; port 0 is any that is free. Raises InvalidSetting."""
    where = f"{address.host}:{address.port}"
    try:
        [family, kind, protocol, _, target], *_ = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InvalidSetting(
            "--host", address.host, f"{error.strerror}; name an address of this machine"
        ) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(target)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        words = f"{error.strerror}; choose another port, or an address of this machine"
        raise InvalidSetting("--host and --port", where, words) from error
    return bound


def serve(store: Path, bound: socket.socket, address: Address) -> None:
    """Answer requests until SIGINT or SIGTERM; those that have begun are answered before it ends."""
    running = server(store, address)

    def end(*_: object) -> None:
        running.should_exit = True

    # The server has its own handlers while it runs, and raises the signals again when it has ended.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    running.run([bound])


def server(store: Path, address: Address) -> uvicorn.Server:
    """A server that appends to a store."""
    bodies = Bodies()
    config = uvicorn.Config(
        application(store, bodies),
        http=_Protocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    return _Server(config, bodies)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, bodies: Bodies) -> None:
        super().__init__(config)
        self._bodies = bodies

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, without waiting long for bodies that have not arrived."""
        self._bodies.end()
        await super().shutdown(sockets)


class _Protocol(H11Protocol):
    """HTTP/1.1 on a connection, which is closed where no request comes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(SILENT_SECONDS, self._close_silent)

    def _close_silent(self) -> None:
        if getattr(self, "cycle", None) is None:  # there has been no request
            self.transport.close()
