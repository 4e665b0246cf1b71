"""Login alarms on 5 million events of 200 agents in 16 weeks: reading, judging, one chart, evidence.

Measured twice: with every event a login, which is the worst case, and with one login in 22 events.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from alarms import SENSITIVITIES, agent_series, evidence, findings, review, summarize, watch_logins
from audit_store import catalogue
from audit_store.catalogue import Catalogue
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from benchmarks.folder import BENCH
from benchmarks.stores import fill

EVENTS = int(os.environ.get("AUDIT_BENCH_EVENTS", "5000000"))
AGENTS, DAYS = 200, 112
RUNS = 3

_Result = TypeVar("_Result")


def main() -> None:
    """Print milliseconds, the best of three, beside the goals."""
    path = BENCH.absolute() / f"{EVENTS}-{AGENTS}-{DAYS}.duckdb"
    store = Store(fill(path, EVENTS, agents=AGENTS, days=DAYS))
    built_in = catalogue.load()
    all_logins = replace(built_in, logins=tuple(sorted(built_in.category_by_activity)))
    for title, activities in (("every event a login", all_logins), ("one in 22 a login", built_in)):
        for days in (DAYS, 7):
            print(f"-- {title}, {days} days shown")
            _measure(store, activities, days)


def _measure(store: Store, activities: Catalogue, days: int) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    where = EventFilter(period=Period(now - timedelta(days=days), now), range="custom", tz="Europe/Berlin")
    watch = _best("read and learn", 1500, lambda: watch_logins(store, where, now, activities))
    reviewed = _best("judge, another sensitivity", 300, lambda: review(watch, SENSITIVITIES[0]))
    _best("one agent's chart", 100, lambda: agent_series(watch, str(watch.logins.agents[0])))
    shown = reviewed.alarms[:20]
    _best(f"the sentences of {len(shown)} alarms", None, lambda: summarize(store, watch, shown))
    if shown:
        _best("evidence for one", None, lambda: evidence(store, watch, shown[0]))
    _best("findings", None, lambda: findings(store, watch, reviewed))


def _best(title: str, goal: float | None, work: Callable[[], _Result]) -> _Result:
    milliseconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        result = work()
        milliseconds.append((time.perf_counter() - start) * 1000)
    print(
        f"{title:32} {min(milliseconds):7.0f} ms" + (f"   (goal {goal:.0f} ms)" if goal else ""), flush=True
    )
    return result
