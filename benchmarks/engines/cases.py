"""What is asked: every query of the pages, over three ranges, with four filters."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from audit_store import catalogue
from audit_store.filters import EventFilter
from audit_store.ranges import Period

KNOWN = catalogue.load()
HOUR = timedelta(hours=1)
ROWS, BUSIEST = 100, 10
"""How many events a page of the log shows, and how many agents the activity page does."""
ACTIVITY, AGENT, TEXT = "Login", "agent-000010@bik.example", "journey 4711"
FACETS = {"activities": "activity", "agents": "agent", "outcomes": "outcome", "sources": "source"}
LISTED = ("seq", "occurred_at", "agent", "activity", "description", "outcome", "source_ip")
"""The columns of an event that a page of the log shows."""
FILTERS = {
    "no filter": EventFilter(),
    "activity": EventFilter(activity=(ACTIVITY,)),
    "agent": EventFilter(agent=(AGENT,)),
    "text": EventFilter(q=TEXT),
}
_ALL = tuple(FILTERS)
_NO_TEXT = ("no filter", "activity", "agent")
QUERIES = {
    "totals": ("/", _ALL),
    "timeline": ("/, /log", _ALL),
    "period before": ("/", _ALL),
    "by agent": ("/", _ALL),
    # Beside a search, no page counts the values of a facet.
    **dict.fromkeys(FACETS, ("all", _NO_TEXT)),
    "number of events": ("/log", _ALL),
    "newest page": ("/log", _ALL),
    "logins by agent and hour": ("/spikes", ("activity",)),
    "addresses": ("/agent", ("agent",)),
    "sources by hour": ("/store", ("no filter",)),
}
"""The pages that a query belongs to, and the filters that they ask it with."""
_BOUNDED = ("period before", "addresses")
"""What is asked of a bounded range only."""


@dataclass(frozen=True, slots=True)
class Case:
    """One query, with the names of its filter and its range, and the filter itself."""

    query: str
    filter: str
    range: str
    where: EventFilter

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The start and the end of a bounded range. Raises ValueError for all time."""
        start, end = self.where.period.start, self.where.period.end
        if start is None or end is None:
            raise ValueError(f"{self.query} is asked of a bounded range only")
        return start, end

    @property
    def length(self) -> timedelta:
        """The length of a bounded range."""
        start, end = self.bounds
        return end - start


def cases(last: datetime) -> Iterator[Case]:
    """Every case over a log whose newest event occurred at `last` (naive UTC)."""
    # No range ends with an hour: ends in the middle of one cost most.
    end = last - timedelta(minutes=7)
    periods = {"all": Period()} | {
        f"{days} days": Period(end - timedelta(days=days), end) for days in (30, 7)
    }
    for query, (_, filters) in QUERIES.items():
        for name in filters:
            for span, period in periods.items():
                if period.length or query not in _BOUNDED:
                    yield Case(query, name, span, replace(FILTERS[name], period=period))
