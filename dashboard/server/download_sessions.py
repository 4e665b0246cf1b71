"""Downloads for browsers that have the dashboard open: `/export` and `/media` need the cookie of an open WebSocket.

Streamlit names a file under `/media` by a hash and answers whoever asks for it. The cookie is `SameSite=Lax`, not
`Strict`: a link on another site that opens the dashboard must not replace the cookie of the pages already open. What
another page could do with `Lax`, `Sec-Fetch-Site` prevents.
"""

import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "audit_downloads"
_DOWNLOADS = ("export", "media")
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)
REFUSED = "This download needs an open page of the dashboard in the same browser; reload the page and export again.\n"


class DownloadSessions:
    """ASGI middleware that answers `/export` and `/media` only to a browser whose cookie an open WebSocket sent.

    `base_path` is Streamlit's option `server.baseUrlPath`.
    """

    def __init__(self, app: ASGIApp, base_path: str = "") -> None:
        self._app = app
        self._folders = tuple(
            "/".join(["", *filter(None, base_path.split("/")), name, ""]) for name in _DOWNLOADS
        )
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; a page is sent with a cookie if the browser has none."""
        token = cookie_of(scope) if scope["type"] in ("http", "websocket") else ""
        if scope["type"] == "websocket":
            with self._session(token):
                await self._app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(self._folders):
            allowed = self._open[token] > 0 and _is_own(scope)
            answer = self._app if allowed else PlainTextResponse(REFUSED, 403)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send if token else _with_cookie(scope, send))

    @contextmanager
    def _session(self, token: str) -> Iterator[None]:
        """Count a WebSocket as open; one without a cookie gives no right to downloads."""
        if token:
            self._open[token] += 1
        try:
            yield
        finally:
            self._open -= Counter([token])  # drops counts of zero


def cookie_of(scope: Scope) -> str:
    """The value of the cookie of a request; "" where there is none that this server has set."""
    token = HTTPConnection(scope).cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def _is_own(scope: Scope) -> bool:
    """Whether the download was started by a page of the dashboard or by the viewer, where the browser says so."""
    return Headers(scope=scope).get("sec-fetch-site", "none") in ("same-origin", "none")


def _with_cookie(scope: Scope, send: Send) -> Send:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    cookie = f"{COOKIE}={secrets.token_urlsafe(32)}; Path=/; HttpOnly; SameSite=Lax{secure}"

    async def send_with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                headers.append("set-cookie", cookie)
        await send(message)

    return send_with_cookie
