"""A server on one address, until it is asked to end."""

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from audit_store.errors import InvalidSetting, reason
from ingest.http.app import application

_BACKLOG = 2048
GRACE_SECONDS = 10
"""How long requests that have begun may take when the server is asked to end."""


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
        raise InvalidSetting("--host", address.host, reason(error)) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(target)
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        raise InvalidSetting("--port", where, f"{error.strerror}; choose another one") from error
    return bound


def serve(store: Path, bound: socket.socket, address: Address, *, is_behind_proxy: bool) -> None:
    """Answer requests until SIGINT or SIGTERM; those that have begun are answered before it ends."""
    config = uvicorn.Config(
        application(store),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=is_behind_proxy,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    uvicorn.Server(config).run(sockets=[bound])
