"""Whom the page is about: the one agent, address or target that its filter selects."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from audit_store.filters import EventFilter
from audit_store.ranges import Period
from dashboard.filters.subject_links import KINDS

KNOWN = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the page is about: one of KINDS, and its name as logged, which a browser gets escaped only."""

    kind: str
    name: str

    @property
    def label(self) -> str:
        """The label of its kind."""
        return KINDS[self.kind]

    def since(self, now: datetime) -> datetime | None:
        """Since when its events are read (naive UTC; None: all of them).

        Roll-ups answer for an agent; for others, each event is read, so only those of KNOWN before `now` are.
        """
        return None if self.kind == "agent" else now - KNOWN

    def during(self, period: Period) -> EventFilter:
        """Everything about it in a period."""
        return EventFilter(period).with_values(self.kind, [self.name])


def of(where: EventFilter) -> Subject | None:
    """The subject of a filter, of the first kind that has a single value; None where it selects none, or several."""
    for kind in KINDS:
        names = where.values(kind)
        if len(names) == 1 and isinstance(names[0], str) and not _is_network(kind, names[0]):
            return Subject(kind, names[0])
    return None


def _is_network(kind: str, name: str) -> bool:
    return kind == "source_ip" and "/" in name
