"""Opening each page in a browser, as a ratio to a page of Streamlit that holds only a chart, or a chart and a table.

Stores of 1 and 10 million events, with BENCH_LARGE=1 also of 100 million. Each round opens every page once, in a fresh
browser profile, so that all pages meet the same load of the machine; the first round, with cold caches, is left out.
Memory is the peak of the dashboard's process after all visits.
"""

import os
import statistics
from collections import defaultdict
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from benchmarks.browser.opening import peak_megabytes, server, visit
from benchmarks.folder import BENCH
from benchmarks.stores import fill, judged
from tests.browser.conftest import CHROMIUM, QUIET

ROUNDS = 7
CHART = "[data-testid=stVegaLiteChart] :is(svg, canvas)"
TABLE = "[data-testid=stDataFrame] canvas, .event-list tbody tr"
ALARMS = f"{CHART}, :text('No alarms')"
BARE = {"chart": ("?", CHART), "chart and table": ("?table=1", TABLE)}
"""The query of each bare page, and what it waits for."""


class Page(NamedTuple):
    """A page: its address, what it waits for, the bare page that it is compared with, and the goal of the ratio."""

    address: str
    ready: str
    bare: str
    goal: float


PAGES = [
    Page("/?tz=UTC", CHART, "chart", 1.25),
    Page("/?tz=UTC&range=all", CHART, "chart", 1.25),
    Page("/log?tz=UTC", TABLE, "chart and table", 1.15),
    Page("/log?tz=UTC&range=all&activity=Login", TABLE, "chart and table", 1.15),
    Page("/spikes?tz=UTC", ALARMS, "chart", 1.4),
    Page("/spikes?tz=UTC&range=all", ALARMS, "chart", 1.4),
]


def main() -> None:
    """Print the table as Markdown."""
    print("| events | page | seconds | ratio | goal | compared with | seconds |")
    print("|---:|---|---:|---:|---:|---|---:|")
    for millions in (1, 10, *([100] if os.environ.get("BENCH_LARGE") else [])):
        _measure(millions * 1_000_000)


def _measure(events: int) -> None:
    store = judged(fill(BENCH.absolute() / f"{events}.duckdb", events, agents=1000))
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    with (
        sync_playwright() as playwright,
        server(store, "benchmarks/browser/bare_page.py") as (bare, _),
        server(store, "app.py") as (ours, process),
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for _ in range(1 + ROUNDS):
            for name, (query, ready) in BARE.items():
                seconds[name].append(visit(browser, f"{bare}/{query}", ready))
            for page in PAGES:
                seconds[page.address].append(visit(browser, ours + page.address, page.ready))
        browser.close()
        memory = peak_megabytes(process)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    for page in PAGES:
        ratio = medians[page.address] / medians[page.bare]
        print(
            f"| {events:,} | `{page.address}` | {medians[page.address]:.2f} | {ratio:.2f} | {page.goal} "
            f"| {page.bare} | {medians[page.bare]:.2f} |",
            flush=True,
        )
    print(f"| {events:,} | peak memory | {memory:,.0f} MB | | 1,000 MB | | |", flush=True)
