"""Pages of other origins in a real browser reach nothing of the dashboard; the dashboard's own page works."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from tests.browser.conftest import Serve, Visit
from tests.conftest import Fill
from tests.dashboard.server.serving import proxying

AGENT = "somebody-whose-name-is-secret"

CONNECT = """([url, hello]) => new Promise(resolve => {
    const socket = new WebSocket(url, ["streamlit"]), decoder = new TextDecoder();
    let received = "";
    socket.binaryType = "arraybuffer";
    socket.onopen = () => { received += "open"; socket.send(new Uint8Array(hello)); };
    socket.onmessage = (message) => { received += decoder.decode(message.data); };
    socket.onclose = () => resolve(received);
    setTimeout(() => resolve(received), 5000);
})"""
"""What a page receives from a WebSocket within five seconds of asking for a run: '' where it is refused."""

FETCH = """([url, mode]) => fetch(url, {mode, credentials: "include"})
    .then(response => response.text(), () => "")"""
LOAD = """([url, element]) => new Promise(resolve => {
    const loaded = document.createElement(element);
    loaded.onload = () => resolve("loaded");
    loaded.onerror = () => resolve("");
    loaded.src = url;
    document.body.append(loaded);
})"""


class Folder(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def hostile_origin(tmp_path: Path) -> Iterator[str]:
    """The origin of a web server on another port of the same host."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Hostile</title><body></body>")
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Folder, directory=folder)
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def store(store: Store, fill: Fill) -> Store:
    """A store with one event."""
    return fill(store, [Event(agent=AGENT, activity="Login", outcome="failure")])


def run_request() -> list[int]:
    """The message with which a page asks for its elements."""
    message = BackMsg()
    message.rerun_script.query_string = "range=all&tz=UTC"
    return list(message.SerializeToString())


def download(page: Page) -> str:
    """Export the log from its page; the URL of the download."""
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="JSON Lines").click()
    assert saved.value.failure() is None
    return saved.value.url


def test_a_page_on_another_port_reaches_neither_the_websocket_nor_a_download(
    store: Store, serve: Serve, visit: Visit, hostile_origin: str
) -> None:
    server = serve(store.path)
    seen = visit(f"{server.url}/log?range=all&tz=UTC")
    expect(seen.page.get_by_test_id("stMain")).to_contain_text("1 event")
    exported = download(seen.page)

    hostile = seen.page.context.new_page()  # in the same browser profile, with the same cookies
    hostile.goto(hostile_origin)
    for host in ("127.0.0.1", "localhost"):
        stream = server.url.replace("http:", "ws:").replace("127.0.0.1", host) + "/_stcore/stream"
        assert hostile.evaluate(CONNECT, [stream, run_request()]) == ""
    for url in (exported, server.url, f"{server.url}/_stcore/host-config"):
        assert hostile.evaluate(FETCH, [url, "cors"]) == ""
        assert hostile.evaluate(FETCH, [url, "no-cors"]) == ""
        for element in ("img", "script"):
            assert hostile.evaluate(LOAD, [url, element]) == ""
    with hostile.expect_response(exported) as response:
        hostile.evaluate("(url) => { location = url; }", exported)
    assert response.value.status == 403
    reasons = server.log.read_text()
    assert f"The Origin header is '{hostile_origin}', not {server.url};" in reasons
    assert "The request comes from a page of another origin" in reasons


@pytest.mark.campaign
def test_a_link_on_another_page_opens_the_dashboard_and_keeps_the_downloads_of_open_pages(
    store: Store, serve: Serve, visit: Visit, hostile_origin: str
) -> None:
    server = serve(store.path)
    seen = visit(f"{server.url}/log?range=all&tz=UTC")
    other = seen.page.context.new_page()
    other.goto(hostile_origin)
    other.evaluate("(url) => { location = url; }", f"{server.url}/log?range=all&tz=UTC")
    expect(other.get_by_test_id("stMain")).to_contain_text("1 event")
    other.close()
    assert download(seen.page).startswith(f"{server.url}/export/")


def test_a_proxy_that_is_named_serves_the_dashboard_and_no_other_name_does(
    store: Store, serve: Serve, chromium: Browser, hostile_origin: str
) -> None:
    with proxying() as proxy, contextlib.closing(chromium.new_context()) as context:
        named = f"http://audit.localhost:{proxy.port}"
        proxy.target = int(serve(store.path, AUDIT_HOSTS=named).url.rpartition(":")[2])
        page = context.new_page()
        page.goto(f"{named}/log?range=all&tz=UTC")
        expect(page.get_by_test_id("stMain")).to_contain_text("1 event")
        assert download(page).startswith(f"{named}/export/")

        for name in ("127.0.0.1", "audit.localhost"):
            page.goto(hostile_origin.replace("127.0.0.1", name))
            stream = f"{named}/_stcore/stream".replace("http:", "ws:")
            assert page.evaluate(CONNECT, [stream, run_request()]) == ""
        for unknown in (f"http://rebound.localhost:{port}" for port in (proxy.port, proxy.target)):
            response = page.goto(unknown)
            assert response is not None
            assert response.status == 421
            host = unknown.removeprefix("http://")
            assert page.locator("body").inner_text().strip() == (
                f"The Host header is '{host}', which is not an address of this dashboard; "
                "if it is one, add it to AUDIT_HOSTS."
            )
