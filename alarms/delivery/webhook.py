"""Receivers of alarms: a webhook and syslog."""

import hashlib
import http.client
import logging
import logging.handlers
import os
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alarms.delivery.outbox import NotDelivered, Sink

PAUSES = (1.0, 4.0, 15.0)
"""Seconds before the second and later attempts of one message."""

TIMEOUT = 10.0
DEV_LOG = "/dev/log"
_RETRIED = {408, 425, 429}


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would turn the POST into a GET, and may lead to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_StayHere)


def webhook(url: str, pauses: Sequence[float] = PAUSES, timeout: float = TIMEOUT) -> Sink:
    """Posts each alarm as JSON with the header Idempotency-Key; any 2xx answer acknowledges it.

    Network failures, 408, 425, 429 and 5xx are tried again after `pauses` (seconds). Raises ValueError for a URL that
    is not http or https.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"the webhook {url[:8]!r}… is no address: give a URL that begins with http:// or https://"
        )
    place = f"webhook {parts.hostname}"

    def send(_: str, body: str, key: str) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "audit-alarms"}
        request = urllib.request.Request(url, body.encode(), headers, method="POST")  # noqa: S310 - checked above
        for pause in (*pauses, None):
            problem = _post(request, place, timeout)
            if problem is None:
                return
            if pause is None:
                raise NotDelivered(problem)
            time.sleep(pause)

    # The URL may hold a secret; its hash tells receivers apart as well.
    return Sink(f"webhook {hashlib.sha256(url.encode()).hexdigest()[:16]}", send)


def _post(request: urllib.request.Request, place: str, timeout: float) -> str | None:
    """What went wrong and is worth another attempt; None when it was acknowledged. Raises NotDelivered for the rest."""
    try:
        with _OPENER.open(request, timeout=timeout):
            return None
    except urllib.error.HTTPError as error:
        with error:
            problem = f"{place} answered {error.code} {error.reason}"
        if error.code >= 500 or error.code in _RETRIED:
            return problem
        raise NotDelivered(f"{problem}; check its address and rights") from error
    except (OSError, http.client.HTTPException) as error:
        return f"{place} cannot be reached: {getattr(error, 'reason', None) or error}"


def syslog(address: str = DEV_LOG) -> Sink:
    """A line an alarm, at severity warning of the facility authpriv: to a socket such as /dev/log, or by UDP to
    HOST[:PORT] in the form of RFC 5424. There is no acknowledgement: a line counts as delivered once handed over.

    Raises ValueError for a port that is none.
    """
    remote = not address.startswith("/")
    target = _host_port(address) if remote else address

    def send(sentence: str, _: str, key: str) -> None:
        try:
            handler = _Syslog(target, logging.handlers.SysLogHandler.LOG_AUTHPRIV, socket.SOCK_DGRAM)
            try:
                line = _rfc5424(sentence, key) if remote else f"audit-alarms: {one_line(sentence)}"
                record = logging.LogRecord("alarms", logging.WARNING, "", 0, line, None, None)
                handler.emit(record)
            finally:
                handler.close()
        except OSError as error:
            raise NotDelivered(f"syslog {address} cannot be reached: {error}") from error

    return Sink(f"syslog {address}", send)


class _Syslog(logging.handlers.SysLogHandler):
    append_nul = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Raise what logging would only print."""
        raise


def _host_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":") if ":" in address else (address, "", "514")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"--syslog is {address!r}: give HOST, HOST:PORT or the path of a socket")
    return host, int(port)


def _rfc5424(sentence: str, key: str) -> str:
    """All but the priority, which the handler writes: version, time, host, program, process, kind, data, text."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    host = "".join(c for c in socket.gethostname() if 33 <= ord(c) <= 126)[:255] or "-"
    return f'1 {moment} {host} audit-alarms {os.getpid()} login-alarm [alarm@32473 key="{key}"] {one_line(sentence)}'


def one_line(text: str) -> str:
    """A text for a terminal or a line of a log: names in it are as logged, and may hold line breaks or escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def default_syslog() -> str:
    """The local socket where there is one, else the port 514 of this machine."""
    return DEV_LOG if Path(DEV_LOG).exists() else "localhost"
