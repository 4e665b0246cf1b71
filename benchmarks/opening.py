"""Opening `/` on 10 million events in a real browser, beside the page every tutorial builds.

Both run on their own server with the same store, in the same run. Cold is the first visit after the start;
warm is the median of later visits in fresh browser profiles. Memory is the most the server's process held.
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

from benchmarks.stores import fill
from tests.browser.conftest import CHROMIUM, QUIET

EVENTS = int(os.environ.get("AUDIT_BENCH_EVENTS", "10000000"))
VISITS = 5
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Opened:
    """Seconds of the first visit, median seconds of later ones, and the server's most memory in MB."""

    cold: float
    warm: float
    megabytes: float


def main() -> None:
    """Print the seconds, the memory, and the ratios."""
    store = fill(Path(".bench").absolute() / f"{EVENTS}.duckdb", EVENTS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        tutorial = _measure(browser, store, "benchmarks/tutorial_page.py", "?", "text=page finished")
        ours = _measure(browser, store, "app.py", "?range=7d", "h3:has-text('Hours of the week')")
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
    with _server(store, script) as (url, process):
        visits = [_visit(browser, f"{url}/{query}", finished) for _ in range(1 + VISITS)]
        return Opened(visits[0], statistics.median(visits[1:]), _peak_megabytes(process))


def _visit(browser: Browser, url: str, finished: str) -> float:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="UTC")
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_selector(finished, timeout=180_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=180_000)
    taken = time.perf_counter() - start
    context.close()
    return taken


@contextlib.contextmanager
def _server(store: Path, script: str) -> Iterator[tuple[str, int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true"],
        cwd=ROOT,
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


def _peak_megabytes(pid: int) -> float:
    """The kernel's high-water mark of resident memory (Linux)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) / 1024 if found else float("nan")
