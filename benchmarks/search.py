"""Milliseconds of pages of the log and of searches over all time, on stores of 1 and 10 million events.

Each figure is the time until the events of the page are read, the number of all events included, from a new list and
without cached results; the CPU time is that of all threads, and depends little on other work on the machine.
AUDIT_BENCH_STORES names other stores, separated by colons. The goals, at 100 million events: first events of a search
within 300 ms, a rare word over all time within 3 s.
"""

import os
import time
from dataclasses import dataclass

from audit_store.filters import EventFilter
from benchmarks.stores import stores
from dashboard import data
from dashboard.log.event_list import columns
from dashboard.log.listing import Listing
from dashboard.log.pin import Pin

ROWS = 100
LOGIN, AGENT = EventFilter(activity=("Login",)), EventFilter(agent=("agent-000010@bik.example",))


@dataclass(frozen=True, slots=True)
class Case:
    """A page of a list, or with `page` None its first page after the whole list was searched."""

    name: str
    where: EventFilter
    page: int | None = 1


def main() -> None:
    """Print a line for each store and page."""
    print("events       what                              ms    CPU ms  longest ms      events")
    for path in stores():
        os.environ["AUDIT_STORE"] = str(path)
        events = data.total(EventFilter())
        for case in _cases(events):
            print(f"{events:<12,} {case.name:30} {_measured(case, events)}", flush=True)


def _cases(events: int) -> list[Case]:
    return [
        Case("newest page", EventFilter()),
        Case("newest page of an activity", LOGIN),
        Case("newest page of an agent", AGENT),
        Case("page in the middle, activity", LOGIN, max(events // 22 // ROWS // 2, 1)),
        Case("one of the last pages, activity", LOGIN, max(events // 23 // ROWS, 1)),
        Case("first events of a common word", EventFilter(q="journey")),
        Case("a rare word, all of it", EventFilter(q="journey 4711"), None),
        Case("no match, all of it", EventFilter(q="nowhere"), None),
        Case("no letters, no match, all of it", EventFilter(q="/ 4711"), None),
        Case("a part of an address, all of it", EventFilter(q="203.0.1.2"), None),
    ]


def _measured(case: Case, events: int) -> str:
    data.cache.clear()  # as in a new process
    page = case.page or 1
    begun, used, longest = time.perf_counter(), time.process_time(), 0.0
    listing = Listing(Pin(case.where, events))
    while listing.is_search and not listing.complete and (case.page is None or listing.events < page * ROWS):
        before = time.perf_counter()
        listing.newest.step()
        longest = max(longest, 1000 * (time.perf_counter() - before))
    data.events_at(listing.seqs((page - 1) * ROWS, ROWS), columns.READ)
    wall, cpu = 1000 * (time.perf_counter() - begun), 1000 * (time.process_time() - used)
    return f"{wall:9,.0f} {cpu:9,.0f} {longest:11,.0f} {listing.events:11,}"
