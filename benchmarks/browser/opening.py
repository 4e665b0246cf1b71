"""Opening `/` on 10 million events in a browser, beside a page that loads the whole table into a DataFrame.

Each page has a server of its own on the same store. Cold is the first visit after the start of the server; warm is the
median of later visits in fresh browser profiles. Memory is the peak of the server's process.
"""

import contextlib
import os
import re
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.folder import BENCH
from benchmarks.stores import fill
from tests.browser.conftest import CHROMIUM, QUIET

EVENTS = int(os.environ.get("AUDIT_BENCH_EVENTS", "10000000"))
VISITS = 5
ROOT = Path(__file__).parents[2]
FINISHED = ":is(h1, h2, h3):has-text('Hours of the week')"
"""The selector of the heading of the last chart of `/`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Seconds of the first visit, median seconds of later ones, and the peak memory of the server in MB."""

    cold: float
    warm: float
    megabytes: float


def main() -> None:
    """Print the seconds, the memory, and the ratios."""
    store = fill(BENCH.absolute() / f"{EVENTS}.duckdb", EVENTS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        tutorial = _measure(browser, store, "benchmarks/browser/tutorial_page.py", "?", "text=page finished")
        ours = _measure(browser, store, "app.py", "?range=7d", FINISHED)
        browser.close()
    for name, opened in (("tutorial", tutorial), ("ours", ours)):
        print(
            f"{name:9} cold {opened.cold:6.2f} s   warm {opened.warm:6.2f} s   memory {opened.megabytes:7,.0f} MB"
        )
    print(
        f"warm {tutorial.warm / ours.warm:.1f} times faster (goal 5), cold {tutorial.cold / ours.cold:.1f} times"
    )
    print(f"memory 1/{tutorial.megabytes / ours.megabytes:.1f} (goal 1/5)")


def _measure(browser: Browser, store: Path, script: str, query: str, finished: str) -> Opened:
    with server(store, script) as (url, process):
        visits = [visit(browser, f"{url}/{query}", finished) for _ in range(1 + VISITS)]
        return Opened(visits[0], statistics.median(visits[1:]), peak_megabytes(process))


def visit(browser: Browser, url: str, finished: str) -> float:
    """Seconds until the element `finished` is there and the script has ended, in a fresh browser profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="UTC")
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(finished, timeout=180_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=180_000)
    seconds = time.perf_counter() - start
    context.close()
    return seconds


@contextlib.contextmanager
def server(store: Path, script: str, checkout: Path = ROOT) -> Iterator[tuple[str, int]]:
    """The URL and the process id of a dashboard of `checkout` on this store, stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"],
        cwd=checkout,
        env=os.environ | {"AUDIT_STORE": str(store)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(url + "/_stcore/health", timeout=2):
                break
            time.sleep(0.1)
        yield url, process.pid
    finally:
        process.kill()
        process.wait(30)


def peak_megabytes(pid: int) -> float:
    """The peak resident memory of a process (VmHWM in proc(5); Linux)."""
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(peak.group(1)) / 1024 if peak else float("nan")
