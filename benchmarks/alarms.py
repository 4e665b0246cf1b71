"""The watch over logins on 5 million events of 200 agents in 16 weeks: reading, judging again, one chart, evidence.

Once with every event a login, the worst there is, and once with as many logins as a log of 22 kinds has.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from alarms import SENSITIVITIES, agent_series, evidence, findings, review, summarize, watch_logins
from audit_store import catalogue
from audit_store.catalogue import Catalogue
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.ranges import Period
from benchmarks.stores import fill

EVENTS = int(os.environ.get("AUDIT_BENCH_EVENTS", "5000000"))
AGENTS, DAYS = 200, 112
RUNS = 3

_Made = TypeVar("_Made")


def main() -> None:
    """Print milliseconds, the best of three, beside the goals."""
    path = Path(".bench").absolute() / f"{EVENTS}-{AGENTS}-{DAYS}.duckdb"
    store = Store(fill(path, EVENTS, agents=AGENTS, days=DAYS))
    known = catalogue.load()
    every = replace(known, logins=tuple(sorted(known.category_by_activity)))
    for words, kinds in (("every event a login", every), ("one in 22 a login", known)):
        for days in (DAYS, 7):
            print(f"-- {words}, {days} days shown")
            _measure(store, kinds, days)


def _measure(store: Store, known: Catalogue, days: int) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    where = EventFilter(period=Period(now - timedelta(days=days), now), range="custom", tz="Europe/Berlin")
    watch = _best("read and learn", 1500, lambda: watch_logins(store, where, now, known))
    found = _best("judge, another sensitivity", 300, lambda: review(watch, SENSITIVITIES[0]))
    _best("one agent's chart", 100, lambda: agent_series(watch, str(watch.logins.agents[0])))
    shown = found.alarms[:20]
    _best(f"the sentences of {len(shown)} alarms", None, lambda: summarize(store, watch, shown))
    if shown:
        _best("evidence for one", None, lambda: evidence(store, watch, shown[0]))
    _best("findings", None, lambda: findings(store, watch, found))


def _best(words: str, goal: float | None, work: Callable[[], _Made]) -> _Made:
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        made = work()
        taken.append((time.perf_counter() - begun) * 1000)
    print(f"{words:32} {min(taken):7.0f} ms" + (f"   (goal {goal:.0f} ms)" if goal else ""), flush=True)
    return made
