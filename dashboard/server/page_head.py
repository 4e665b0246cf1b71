"""Additions to the head of every page that Streamlit has no option for: `page.js`, `page.css`, the server's address.

Without this address, Streamlit's page looks for its server below its own path first: `/log` requests `/log/_stcore/…`,
and every deep link starts with two errors in the console.
"""

import json
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INDEX = Path(st.__file__).with_name("static") / "index.html"
_HEAD = "<head>"
_OWN = Path(__file__).parent


def script() -> str:
    """The inline script of every page: the server's address, which Streamlit's page reads, and `page.js`."""
    base = json.dumps(st.get_option("server.baseUrlPath") or "")
    return (
        f"const here = location.origin + '/' + {base};"
        "window.__streamlit = {BACKEND_BASE_URL: here, MAIN_PAGE_BASE_URL: here};\n"
        + (_OWN / "page.js").read_text(encoding="utf-8")
    )


def head() -> str:
    """The start of a page's head, with the script and the style."""
    style = (_OWN / "page.css").read_text(encoding="utf-8")
    return f"{_HEAD}<script>{script()}</script><style>{style}</style>"


def page() -> str:
    """The HTML of the page as it is sent."""
    return INDEX.read_text(encoding="utf-8").replace(_HEAD, head(), 1)


class OwnHead:
    """ASGI middleware that adds `head` to the HTML page and leaves every other response unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._head = head().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; the head is added to an HTML body."""
        start: Message | None = None

        async def send_with_head(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
                return
            if message["type"] == "http.response.body" and start is not None:
                message = {**message, "body": message.get("body", b"").replace(_HEAD.encode(), self._head, 1)}
                _lengthen(start, len(self._head) - len(_HEAD))
                await send(start)
                start = None
            await send(message)

        if _asks_for_page(scope):
            plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            await self._app({**scope, "headers": plain}, receive, send_with_head)
        else:
            await self._app(scope, receive, send)


def _asks_for_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http" and scope["method"] == "GET" and "." not in scope["path"].rpartition("/")[2]
    )


def _is_page(message: Message) -> bool:
    return MutableHeaders(scope=message).get("content-type", "").startswith("text/html")


def _lengthen(message: Message, by: int) -> None:
    headers = MutableHeaders(scope=message)
    for name in ("etag", "last-modified"):
        if name in headers:
            del headers[name]
    if "content-length" in headers:
        headers["content-length"] = str(int(headers["content-length"]) + by)
