"""A real server and a real Chromium; an error in the log of either fails the test."""

import contextlib
import itertools
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urljoin

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from audit_store.engines.duckdb.store import Store
from tests import ROOT, forked
from tests.dashboard.page_runs import NOW

# The shell without windows takes less processor time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
# Seconds that a busy machine may take to answer.
PATIENCE = 20.0
# Of servers that have ended: the browser has compiled the scripts of their addresses.
PORTS: list[int] = []
HEALTH = "/_stcore/health"
"""The path of a page without scripts, of every dashboard."""
OURS = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
expect.set_options(timeout=1000 * PATIENCE)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Server:
    """A running dashboard."""

    url: str
    store: Path
    log: Path
    process: subprocess.Popen[bytes]

    def trouble(self) -> list[str]:
        """Lines of the server's log that report a problem."""
        return re.findall(
            r".*(?:Traceback|Error|Exception|Warning|WARNING|deprecated).*", self.log.read_text()
        )


@contextlib.contextmanager
def serving(store: Path, log: Path, script: str = "app.py", **environment: str) -> Iterator[Server]:
    """A new server on a free port, stopped at the end."""
    port = PORTS.pop() if PORTS else _free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}"]
    # A sitecustomize.py on an own path is read by a new interpreter only.
    popen = subprocess.Popen if "PYTHONPATH" in environment else forked.Popen
    with log.open("wb") as file:
        process = popen(
            command,
            cwd=ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {"AUDIT_STORE": str(store)} | environment,
        )
    try:
        server = Server(f"http://127.0.0.1:{port}", store, log, process)
        _wait_until_healthy(server)
        yield server
    finally:
        process.terminate()
        process.wait(20)
        PORTS.append(port)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_healthy(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(server.url + HEALTH, timeout=2):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{server.log.read_text()}")


Serve = Callable[..., Server]


@contextlib.contextmanager
def serving_well(store: Path, log: Path, **environment: str) -> Iterator[Server]:
    """A new server whose log must be clean at the end."""
    with serving(store, log, **environment) as server:
        yield server
        assert server.trouble() == []


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts dashboards on a store; their logs must be clean at the end."""
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def start(store: Path, **environment: str) -> Server:
            log = tmp_path / f"server-{next(numbers)}.log"
            return stack.enter_context(serving_well(store, log, **environment))

        yield start


def crowd(path: Path, events: int) -> Store:
    """A store with one event a second until now: half of them by busy, the others by 2,000 agents."""
    store = Store(path)
    with store.write() as connection:
        connection.execute(
            "INSERT INTO events SELECT n, gen_random_uuid(), $now::TIMESTAMP - to_seconds($events - n), $now, "
            "CASE WHEN n % 2 = 0 THEN 'busy' ELSE 'agent-' || ((n // 2) % 2000) END, "
            "CASE WHEN n % 3 = 0 THEN 'Journey saved' ELSE 'Login' END, 'number ' || n, "
            "CASE WHEN n % 7 = 0 THEN 'failure' ELSE 'success' END, '203.0.113.' || (n % 9), 'target', 'web', "
            "'{\"n\": ' || n || '}' FROM range($events) AS numbers(n)",
            {"now": NOW.replace(tzinfo=None), "events": events},
        )
    return store


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard of 8,000 events, for tests that only read or append events."""
    folder = tmp_path_factory.mktemp("crowded")
    with serving_well(crowd(folder / "audit.duckdb", 8000).path, folder / "server.log") as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests; missing, it fails on CI and skips elsewhere."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium on this machine; tests/browser/install.sh installs it where it can")
        pytest.skip("no Chromium on this machine: see tests/browser/install.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


ROW = 35
"""The height of a row of the list of events, in pixels."""
EVENT_LIST, EVENT_ROWS = ".event-list", ".event-list tbody tr"
"""Selectors of the list of events and of its rows."""
OPEN_ID = "[data-field=event_id] dd:not(.actions)"
"""The selector of the id in the details of an event."""
# Resolves once five looks in a row find the page idle. Before the first and the last of them the server is asked: when
# it has answered, it has also received what the browser sent before.
SETTLED = """
async () => {
  const idle = () => document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]")
    && !document.querySelector("[data-testid=stSkeleton]");
  const end = Date.now() + 60_000;
  for (let quiet = 0; quiet < 5;) {
    if (Date.now() > end) throw new Error("the page is not at rest after a minute");
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (quiet === 4 || (quiet === 0 && idle())) await (await fetch("/_stcore/health")).text();
    quiet = idle() ? quiet + 1 : 0;
  }
}
"""
# Ends the animations that Streamlit runs also for those who want none: to draw them takes half the time of a wait.
WITHOUT_MOTION = """
addEventListener("DOMContentLoaded", () => {
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const style = new CSSStyleSheet();
  style.replaceSync(`*, ::before, ::after {
    animation-duration: 1ms !important; animation-iteration-count: 1 !important; transition-duration: 1ms !important;
  }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];
});
"""


@dataclass
class Watched:
    """A browser page, the errors and warnings of its console, its dialogs, and its requests to other hosts."""

    page: Page
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Note what happens on the page while it lasts."""
        listeners: dict[Any, Callable[[Any], None]] = {
            "console": self._note_message,
            "pageerror": lambda error: self.errors.append(str(error)),
            "dialog": self._note_dialog,
            "request": self._note_request,
        }
        for event, listener in listeners.items():
            self.page.on(event, listener)
        yield
        for event, listener in listeners.items():
            self.page.remove_listener(event, listener)

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            (self.errors if message.type == "error" else self.warnings).append(message.text)

    def _note_dialog(self, dialog: Dialog) -> None:
        self.errors.append(dialog.message)
        dialog.dismiss()

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith(OURS):
            self.foreign.append(request.url)

    def settle(self) -> None:
        """Wait until the run that the last click started has ended, and its elements are drawn."""
        self.page.evaluate(SETTLED)

    def open_row(self, row: int) -> Locator:
        """Open the event of a row of the list, the first is 0; gives the id in its details."""
        clicked = self.page.locator(EVENT_ROWS).nth(row)
        event_id = clicked.get_attribute("data-id") or ""
        clicked.click()
        shown_id = self.page.locator(OPEN_ID)
        expect(shown_id).to_have_text(event_id)
        self.settle()
        return shown_id

    def go(self, address: str) -> None:
        """Go to another address of the same page as with the browser's Back button: without loading it again."""
        self.page.evaluate(
            "(address) => { history.pushState({}, '', address); dispatchEvent(new PopStateEvent('popstate')) }",
            address,
        )
        self.settle()


def slowness() -> float:
    """How many times longer than alone a computation takes at the moment, because of other work on the machine."""
    begun, used = time.monotonic(), time.thread_time()
    while time.thread_time() < used + 0.02:
        pass
    return max((time.monotonic() - begun) / 0.02, 1.0)


def becomes(value: Callable[[], object], expected: object) -> None:
    """Wait until a value is the expected one; fail after PATIENCE."""
    end = time.monotonic() + PATIENCE
    while (last := value()) != expected and time.monotonic() < end:
        time.sleep(0.1)
    assert last == expected


def events_are(page: Page, number: str) -> None:
    """Wait until the first figure of the page is this."""
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(number)


def parameters(page: Page) -> dict[str, list[str]]:
    """The parameters of the page's URL, asked of the browser: `page.url` stays the same during a sleep."""
    return parse_qs(page.evaluate("() => location.search.slice(1)"))


def save_view(seen: Watched, name: str) -> None:
    """Save what a page shows as a view."""
    seen.page.get_by_text("Saved views").click()
    seen.settle()
    seen.page.get_by_label("View name").fill(name)
    seen.page.get_by_role("button", name="Save view").click()
    expect(seen.page.get_by_text(f"Saved “{name}”.")).to_be_visible()


def choose(page: Page, box: str | re.Pattern[str], typed: str, option: str | re.Pattern[str]) -> None:
    """Pick an option; open the list again if a new run of the page has closed it."""
    choices = page.get_by_role("combobox", name=box)
    end = time.monotonic() + PATIENCE
    while True:
        choices.click()
        choices.fill(typed)
        try:
            return page.get_by_role("option", name=option).first.click(timeout=3_000)
        except PlaywrightTimeout:
            if time.monotonic() > end:
                raise


Visit = Callable[..., Watched]
Scheme = Literal["light", "dark"]


class Profiles:
    """Pages, each in a browser profile of its own, that stay open: a process keeps the scripts that it compiled."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: dict[str, list[Page]] = {}
        self._in_use: Counter[str] = Counter()

    def page(self, zone: str) -> Page:
        """A page in a profile of this time zone that no other page of this test has."""
        pages = self._pages.setdefault(zone, [])
        if self._in_use[zone] == len(pages):
            context = self._browser.new_context(timezone_id=zone, locale="en-GB")
            context.add_init_script(WITHOUT_MOTION)
            pages.append(context.new_page())
        self._in_use[zone] += 1
        return pages[self._in_use[zone] - 1]

    def forget(self) -> None:
        """Leave the pages of this test, and forget what it stored and was allowed to do."""
        for zone, number in self._in_use.items():
            for page in self._pages[zone][:number]:
                for other in page.context.pages[1:]:
                    other.close()
                page.context.clear_cookies()
                page.context.clear_permissions()
                try:
                    leave(page)
                except Error:  # its server has ended
                    self._pages[zone].remove(page)
                    page.context.close()
        self._in_use.clear()


def leave(page: Page) -> None:
    """Leave a server before it ends, and forget what its scripts stored.

    The page of the same address that has no scripts keeps the browser's process, and with it the compiled scripts.
    """
    if not page.url.endswith(HEALTH):
        page.goto(urljoin(page.url, HEALTH))
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear() }")


@pytest.fixture(scope="session")
def profiles(chromium: Browser) -> Profiles:
    """The browser profiles of all tests."""
    return Profiles(chromium)


@pytest.fixture
def visit(profiles: Profiles) -> Iterator[Visit]:
    """Opens a URL without cookies or stored values; no error, dialog or request to another host may follow."""
    opened: list[Watched] = []

    def go(
        url: str,
        *,
        size: tuple[int, int] = (1280, 900),
        zone: str = "UTC",
        scheme: Scheme = "light",
        motion: Literal["reduce", "no-preference"] = "reduce",
        permissions: Sequence[str] = (),
    ) -> Watched:
        page = profiles.page(zone)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        page.context.grant_permissions(permissions)
        watched = Watched(page)
        opened.append(watched)
        stack.enter_context(watched.watching())
        page.goto(url)
        watched.settle()
        return watched

    with contextlib.ExitStack() as stack:
        yield go
    profiles.forget()
    assert [line for watched in opened for line in (*watched.errors, *watched.foreign)] == []
