"""Requests of this dashboard's own pages only: the Host, the Origin and the Sec-Fetch headers are checked.

Without the check of Host, a page could point a name of its own at this machine (DNS rebinding) and read the log.
Without the check of Origin, a page on another port of the same host could open the WebSocket: cookies ignore ports.
"""

import logging

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from audit_store.errors import shorten
from dashboard.server import allowed_origins

MISDIRECTED = 421
FORBIDDEN = 403
_logger = logging.getLogger(__name__)
_LOGGED_AT_MOST = 100


class SameOrigin:
    """ASGI middleware that refuses every request that does not come from a page of this dashboard.

    A link on another page may open a page of the dashboard; nothing else from another origin is answered.
    `origins` are those at which a proxy serves this dashboard.
    """

    def __init__(self, app: ASGIApp, origins: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._origins = origins
        self._logged: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a WebSocket, or answer 421 (unknown Host) or 403 with a sentence that says why."""
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        status, reason = refusal
        self._log(reason)
        await PlainTextResponse(f"{reason}\n", status)(scope, receive, send)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        reached = {
            origin
            for origin in self._origins | allowed_origins.own(scope)
            if headers.getlist("host") == [allowed_origins.host(origin)]
        }
        if not reached:
            return MISDIRECTED, (
                f"The Host header is {_value(headers, 'host')}, which is not an address of this dashboard; "
                f"if it is one, add it to {allowed_origins.VARIABLE}."
            )
        if not _comes_from(reached, scope, headers):
            return FORBIDDEN, (
                f"The Origin header is {_value(headers, 'origin')}, not {' or '.join(sorted(reached))}; "
                f"if viewers open the dashboard there, add it to {allowed_origins.VARIABLE} "
                "and let the proxy pass on the Host header."
            )
        if _is_foreign(scope, headers):
            return FORBIDDEN, "The request comes from a page of another origin; open the dashboard itself."
        return None

    def _log(self, reason: str) -> None:
        """Log a reason once, so that a page that keeps trying does not fill the log."""
        if reason not in self._logged and len(self._logged) < _LOGGED_AT_MOST:
            self._logged.add(reason)
            _logger.warning("Refused a request: %s", reason)


def _comes_from(origins: set[str], scope: Scope, headers: Headers) -> bool:
    """Whether the Origin header is one of these; only GET and HEAD requests may be without one."""
    values = headers.getlist("origin")
    if not values:
        return scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    return len(values) == 1 and values[0] in origins


def _is_foreign(scope: Scope, headers: Headers) -> bool:
    """Whether the browser says that a page of another origin asks, other than by a link to a page of ours."""
    if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
        return False
    link = ("navigate", "document")
    return scope["type"] != "http" or (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) != link


def _value(headers: Headers, name: str) -> str:
    return shorten(", ".join(headers.getlist(name))) if name in headers else "missing"
