"""Downloads: only for a browser whose cookie an open WebSocket sent."""

import asyncio
import re
from http.cookies import SimpleCookie

import pytest
from starlette.types import Message, Receive, Scope, Send

from dashboard.server.download_sessions import COOKIE, DownloadSessions

TOKEN = "a" * 43
OTHER = "b" * 43


class Browser:
    """A browser in front of the middleware; the application behind it answers everything with 200 and HTML."""

    def __init__(self, base_path: str = "", content_type: str = "text/html; charset=utf-8") -> None:
        self.door = DownloadSessions(self._application, base_path)
        self._content_type = content_type

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            return
        headers = [(b"content-type", self._content_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def get(self, path: str, cookie: str = "", scheme: str = "http", **fetch: str) -> Message:
        """The start of the response to a GET request."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": path, "scheme": scheme}
        await self.door(scope | {"headers": headers(cookie, fetch)}, asyncio.Event().wait, send)  # type: ignore[arg-type]
        return sent[0]

    async def open(self, cookie: str, close: asyncio.Event) -> None:
        """A WebSocket that stays open until the event."""

        async def receive() -> Message:
            await close.wait()
            return {"type": "websocket.disconnect"}

        scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers(cookie, {})}
        await self.door(scope, receive, receive)  # type: ignore[arg-type]


def headers(cookie: str, fetch: dict[str, str]) -> list[tuple[bytes, bytes]]:
    pairs = [("cookie", f"_streamlit_xsrf=x; {COOKIE}={cookie}")] if cookie else []
    pairs += [(f"sec-fetch-{name}", value) for name, value in fetch.items()]
    return [(name.encode(), value.encode()) for name, value in pairs]


def cookie_of(response: Message) -> str:
    return dict(response["headers"]).get(b"set-cookie", b"").decode()


def test_a_page_gets_a_cookie_that_nobody_can_guess_once() -> None:
    cookies = [cookie_of(asyncio.run(Browser().get("/"))) for _ in range(2)]
    for cookie in cookies:
        assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; Path=/; HttpOnly; SameSite=Lax", cookie)
    assert cookies[0] != cookies[1]
    assert cookie_of(asyncio.run(Browser().get("/", TOKEN))) == ""
    assert cookie_of(asyncio.run(Browser().get("/", "short"))) != ""
    assert cookie_of(asyncio.run(Browser().get("/", scheme="https"))).endswith("; Secure")
    assert cookie_of(asyncio.run(Browser(content_type="text/css").get("/a.css"))) == ""
    assert SimpleCookie(cookies[0])[COOKIE]["httponly"]


def test_a_download_lasts_as_long_as_a_websocket_with_its_cookie_is_open() -> None:
    async def statuses() -> list[int]:
        browser, closes = Browser(), [asyncio.Event(), asyncio.Event()]
        got = [await browser.get("/media/x.zip", TOKEN)]
        pages = [asyncio.create_task(browser.open(TOKEN, close)) for close in closes]
        await asyncio.sleep(0)
        got += [await browser.get("/media/x.zip", cookie) for cookie in (TOKEN, OTHER, "", "short")]
        for page, close in zip(pages, closes, strict=True):
            close.set()
            await page
            got.append(await browser.get("/media/x.zip", TOKEN))
        return [response["status"] for response in got]

    assert asyncio.run(statuses()) == [403, 200, 403, 403, 403, 200, 403]


@pytest.mark.parametrize("cookie", ["", "short"])
def test_a_websocket_without_a_cookie_gives_no_right_to_downloads(cookie: str) -> None:
    async def status() -> int:
        browser, close = Browser(), asyncio.Event()
        page = asyncio.create_task(browser.open(cookie, close))
        await asyncio.sleep(0)
        response = await browser.get("/media/x.zip", cookie)
        close.set()
        await page
        return int(response["status"])

    assert asyncio.run(status()) == 403


@pytest.mark.parametrize(
    ("base_path", "path", "site", "status"),
    [
        ("", "/media/x.zip", "same-origin", 200),
        ("", "/media/x.zip", "none", 200),
        ("", "/media/x.zip", "same-site", 403),
        ("", "/media/x.zip", "cross-site", 403),
        ("audit", "/audit/media/x.zip", "same-origin", 200),
        ("/audit/", "/audit/media/x.zip", "cross-site", 403),
        ("", "/export/x/csv", "same-origin", 200),
        ("", "/export/x/csv", "cross-site", 403),
        ("audit", "/audit/export/x/csv", "same-site", 403),
        ("", "/log", "cross-site", 200),
    ],
)
def test_no_other_page_starts_a_download(base_path: str, path: str, site: str, status: int) -> None:
    async def got() -> int:
        browser, close = Browser(base_path), asyncio.Event()
        page = asyncio.create_task(browser.open(TOKEN, close))
        await asyncio.sleep(0)
        response = await browser.get(path, TOKEN, site=site, mode="navigate", dest="document")
        close.set()
        await page
        return int(response["status"])

    assert asyncio.run(got()) == status
