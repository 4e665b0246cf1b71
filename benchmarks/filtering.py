"""Milliseconds of a run of a page after a change of a filter, small store against large one.

The pages run in this process without a browser (AppTest). Each filter is used once, so nothing of it is cached; each
figure is the median over the filters. The goal: with 5 million events and 20,000 agents at most 1.5 times as long as
with 100,000 events and 100 agents, plus 150 ms.
"""

import os
import statistics
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from benchmarks.stores import fill

SMALL, LARGE = (100_000, 100), (5_000_000, 20_000)
MAIN = Path(__file__).parent.parent / "dashboard" / "main.py"
RANGES = ("7d", "90d", "all")
_TIMES, _PLUS_MS = 1.5, 150.0
_FILTERS: tuple[dict[str, str | list[str]], ...] = (
    {"activity": "Login"},
    {"activity": ["User deleted", "Journey saved"]},
    {"outcome": "failure"},
    {"not_activity": "Login"},
    {"agent": "agent-000010@bik.example"},
    {"not_agent": "agent-000000@bik.example"},
)


def main() -> None:
    """Print milliseconds for each page and range, and whether the goal is met."""
    folder = Path(os.environ.get("AUDIT_BENCH_FOLDER", ".bench")).absolute()
    folder.mkdir(exist_ok=True)
    small, large = (
        fill(folder / f"{events}-{agents}.duckdb", events, agents=agents) for events, agents in (SMALL, LARGE)
    )
    print("page      range   small ms   large ms   allowed ms")
    for page in ("activity", "log"):
        for span in RANGES:
            fast, slow = _measure(small, page, span), _measure(large, page, span)
            allowed = _TIMES * fast + _PLUS_MS
            verdict = "met" if slow <= allowed else "MISSED"
            print(f"{page:9} {span:5} {fast:10.0f} {slow:10.0f} {allowed:12.0f}  {verdict}")


def _measure(store: Path, page: str, span: str) -> float:
    os.environ["AUDIT_STORE"] = str(store)
    app = AppTest.from_file(str(MAIN), default_timeout=120)
    app.query_params["range"] = span
    app.run()
    if page != "activity":
        app.switch_page(f"../pages/{page}.py").run()
    return statistics.median(_milliseconds(app, filters) for filters in _FILTERS)


def _milliseconds(app: AppTest, filters: dict[str, str | list[str]]) -> float:
    for name in ("activity", "agent", "outcome", "not_activity", "not_agent"):
        if name in app.query_params:
            del app.query_params[name]
    for name, value in filters.items():
        app.query_params[name] = value
    start = time.perf_counter()
    app.run()
    milliseconds = (time.perf_counter() - start) * 1000
    if app.exception:
        raise RuntimeError(f"the page failed with {filters}: {app.exception[0].message}")
    return milliseconds
