"""Sends alarms to syslog, by a local socket or by UDP."""

import logging
import logging.handlers
import os
import socket
from pathlib import Path

from alarms.delivery.deadline import TIMEOUT, within
from alarms.delivery.outbox import NotDelivered, Sink
from audit_store.errors import one_line
from audit_store.local_time import now, utc_text
from audit_store.state.deliveries import Message

DEV_LOG = "/dev/log"


def default_address() -> str:
    """The local socket where there is one, else port 514 of this machine."""
    return DEV_LOG if Path(DEV_LOG).exists() else "localhost"


def syslog(address: str = DEV_LOG, timeout: float = TIMEOUT) -> Sink:
    """A receiver that takes each alarm as one line, at severity warning of the facility authpriv.

    `address` is the path of a socket, or HOST[:PORT] for UDP in the form of RFC 5424. Syslog acknowledges nothing: a
    line counts as delivered when it was handed over, which may take `timeout` seconds. Raises ValueError for an
    invalid address.
    """
    is_remote = not address.startswith("/")
    target = _host_and_port(address) if is_remote else address

    def send(message: Message) -> None:
        line = _rfc5424(message) if is_remote else f"audit-alarms: {one_line(message.sentence)}"
        try:
            within(timeout, lambda: _hand_over(target, line))
        except OSError as error:
            raise NotDelivered(f"syslog {address} cannot be reached: {error.strerror or error}") from error

    return Sink(f"syslog {address}", send)


def _hand_over(target: str | tuple[str, int], line: str) -> None:
    """Send a line. Raises OSError."""
    handler = _Handler(target, logging.handlers.SysLogHandler.LOG_AUTHPRIV, socket.SOCK_DGRAM)
    try:
        handler.emit(logging.LogRecord("alarms", logging.WARNING, "", 0, line, None, None))
    finally:
        handler.close()


class _Handler(logging.handlers.SysLogHandler):
    append_nul = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Raise what logging would only print."""
        raise


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":") if ":" in address else (address, "", "514")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise ValueError(f"invalid syslog address {address!r}; give HOST, HOST:PORT or the path of a socket")
    return host, int(port)


def _rfc5424(message: Message) -> str:
    """The line without its priority, which the handler adds: version, time, host, program, process, kind, data, text.

    Source: RFC 5424, section 6. 32473 is the enterprise number for documentation (RFC 5612).
    """
    time = utc_text(now(), "milliseconds")
    host = "".join(letter for letter in socket.gethostname() if 33 <= ord(letter) <= 126)[:255] or "-"
    data = f'[alarm@32473 key="{message.key}"]'
    return f"1 {time} {host} audit-alarms {os.getpid()} login-alarm {data} {one_line(message.sentence)}"
