"""The origins at which browsers reach this dashboard: its own addresses, and those that AUDIT_HOSTS names.

An origin is written as browsers write it (RFC 6454, 6.2): "https://audit.example.com:8443", lower case, without the
port that is the default of its scheme.
"""

import os
import re
from urllib.parse import urlsplit

from starlette.types import Scope

from audit_store.errors import InvalidSetting
from dashboard.server.environment import checked

VARIABLE = "AUDIT_HOSTS"
ALLOWED = (
    "give names or origins, separated by commas, such as audit.example.com, http://audit.example.com:8080"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def from_environment() -> frozenset[str]:
    """The origins that AUDIT_HOSTS names; ends the process with a message if it cannot be read."""
    return checked(lambda: parse(os.environ.get(VARIABLE, "")))


def parse(text: str) -> frozenset[str]:
    """The origins in a list separated by commas; a name without a scheme means https. May raise InvalidSetting.

    >>> sorted(parse("audit.example.com, http://10.0.0.5:8501"))
    ['http://10.0.0.5:8501', 'https://audit.example.com']
    """
    return frozenset(_configured(entry) for entry in map(str.strip, text.split(",")) if entry)


def own(scope: Scope) -> frozenset[str]:
    """The origins that need no setting: the address that this connection reached, and the names of loopback.

    The address is that of the socket, so a dashboard on all addresses of a machine accepts each of them. `localhost`
    is accepted on every address, for tunnels and containers: a browser sends it only for a URL that names it.
    """
    address, port = scope.get("server") or ("", None)
    if port is None:
        return frozenset()
    scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
    return frozenset(_origin(scheme, host, port) for host in (*_LOOPBACK, _as_host(address)))


def host(origin: str) -> str:
    """The Host header that a browser sends to an origin."""
    return origin.partition("://")[2]


def _configured(entry: str) -> str:
    try:
        url = urlsplit(entry if "://" in entry else f"https://{entry}")
        name, port = url.netloc.lower().removesuffix(f":{url.port}"), url.port
    except ValueError as error:
        raise InvalidSetting(VARIABLE, entry, ALLOWED) from error
    more_than_an_origin = url.path.strip("/") or url.query or url.fragment
    if url.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(name) or more_than_an_origin:
        raise InvalidSetting(VARIABLE, entry, ALLOWED)
    return _origin(url.scheme, name, port)


def _origin(scheme: str, name: str, port: int | None) -> str:
    return f"{scheme}://{name}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{name}:{port}"


def _as_host(address: str) -> str:
    """An IP address as it stands in a URL; an IPv4 address that an IPv6 socket received is written as IPv4."""
    plain = address.partition("%")[0].removeprefix("::ffff:")
    return f"[{plain}]" if ":" in plain else plain
