"""Sends alarms to syslog: by a local socket, or by UDP, TCP or TLS."""

import logging
import os
import socket
import ssl
from collections.abc import Callable
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import NamedTuple

from alarms.delivery.deadline import TIMEOUT, within
from alarms.delivery.outbox import NotDelivered, Sink
from audit_store.errors import one_line
from audit_store.local_time import now, utc_text
from audit_store.state.deliveries import Message

DEV_LOG = "/dev/log"
_PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
"""The ports of RFC 5426, RFC 6587 and RFC 5425."""
_AUTHPRIV_WARNING = SysLogHandler.LOG_AUTHPRIV * 8 + SysLogHandler.LOG_WARNING
"""The priority of RFC 5424, section 6.2.1."""

Text = Callable[[Message], str]
"""What a line says of an alarm."""


class _Target(NamedTuple):
    """A protocol of _PORTS, a host and a port."""

    protocol: str
    host: str
    port: int


def sentence(message: Message) -> str:
    """The sentence of an alarm on one line."""
    return one_line(message.sentence)


def default_address() -> str:
    """The local socket where there is one, else port 514 of this machine."""
    return DEV_LOG if Path(DEV_LOG).exists() else "localhost"


def syslog(address: str = DEV_LOG, text: Text = sentence, timeout: float = TIMEOUT) -> Sink:
    """A receiver that takes each alarm as one line, at severity warning of the facility authpriv.

    `address` is the path of a socket, or [udp://]HOST[:PORT], tcp://HOST[:PORT] or tls://HOST[:PORT] in the form of
    RFC 5424, over TCP with the lengths of RFC 6587. A certificate must be of the host and of an authority that this
    machine (or SSL_CERT_FILE) trusts. Syslog acknowledges nothing: a line counts as delivered when it was handed
    over, which may take `timeout` seconds. Raises ValueError for an invalid address.
    """
    target = None if address.startswith("/") else _target(address)

    def send(message: Message) -> None:
        try:
            within(timeout, lambda: _hand_over(target, address, message.key, text(message), timeout))
        except OSError as error:
            raise NotDelivered(f"syslog {address} cannot be reached: {error.strerror or error}") from error

    return Sink(f"syslog {address}", send)


def _hand_over(target: _Target | None, path: str, key: str, text: str, timeout: float) -> None:
    """Send a line. Raises OSError."""
    if target is None:
        _by_handler(path, f"audit-alarms: {text}")
    elif target.protocol == "udp":
        _by_handler((target.host, target.port), _rfc5424(key, text))
    else:
        _by_stream(target, f"<{_AUTHPRIV_WARNING}>{_rfc5424(key, text)}".encode(), timeout)


def _by_handler(address: str | tuple[str, int], line: str) -> None:
    handler = _Handler(address, SysLogHandler.LOG_AUTHPRIV, socket.SOCK_DGRAM)
    try:
        handler.emit(logging.LogRecord("alarms", logging.WARNING, "", 0, line, None, None))
    finally:
        handler.close()


class _Handler(SysLogHandler):
    append_nul = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Raise what logging would only print."""
        raise


def _by_stream(target: _Target, line: bytes, timeout: float) -> None:
    with socket.create_connection((target.host, target.port), timeout) as plain:
        if target.protocol == "tcp":
            _send_framed(plain, line)
        else:
            with ssl.create_default_context().wrap_socket(plain, server_hostname=target.host) as secured:
                _send_framed(secured, line)


def _send_framed(stream: socket.socket, line: bytes) -> None:
    """Send a line after its length (RFC 6587, section 3.4.1)."""
    stream.sendall(b"%d %b" % (len(line), line))


def _target(address: str) -> _Target:
    protocol, _, rest = address.rpartition("://")
    protocol = protocol or "udp"
    host, _, port = rest.rpartition(":") if ":" in rest else (rest, "", str(_PORTS.get(protocol, 0)))
    is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65536
    if protocol not in _PORTS or not host or not is_port:
        raise ValueError(
            f"invalid syslog address {address!r}; give HOST, HOST:PORT, tcp://HOST, tls://HOST or the path of a socket"
        )
    return _Target(protocol, host, int(port))


def _rfc5424(key: str, text: str) -> str:
    """The line without its priority: version, time, host, program, process, kind, data, text.

    Source: RFC 5424, section 6. 32473 is the enterprise number for documentation (RFC 5612).
    """
    time = utc_text(now(), "milliseconds")
    host = "".join(letter for letter in socket.gethostname() if 33 <= ord(letter) <= 126)[:255] or "-"
    return f'1 {time} {host} audit-alarms {os.getpid()} login-alarm [alarm@32473 key="{key}"] {text}'
