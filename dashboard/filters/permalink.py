"""A view as a sentence for a ticket, with a link that always shows the same events."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from audit_store import ranges
from audit_store.filters import EventFilter
from audit_store.local_time import bound_text, wall_clock
from audit_store.quantities import counted
from dashboard.text import shown


def sentence(where: EventFilter, events: int, agents: int) -> str:
    """What was counted, for whom and when: "42 failed Login events by 3 agents, 1–7 May 2025, UTC".

    Days are those of the filter's zone; text of the log in it is escaped.
    """
    by_agents = replace(where, agent=where.agent or (counted(agents, "agent"),))
    subject = by_agents.subject("event" if events == 1 else "events")
    return shown(f"{events:,} {subject}, {_when(where)}, {where.tz}")


def link(where: EventFilter, page: str) -> str:
    """The URL of `page` with the same events at any later time: fixed dates, and the time zone named."""
    fixed = replace(
        where,
        range="custom" if where.period.start or where.period.end else "all",
        start=_text(where.period.start, where.zone),
        end=_text(where.period.end, where.zone),
    )
    return f"{page.partition('?')[0]}?{urlencode(fixed.parameters(), doseq=True)}"


def _text(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else bound_text(moment, zone)


def _when(where: EventFilter) -> str:
    start, end = (bound and wall_clock(bound, where.zone) for bound in (where.period.start, where.period.end))
    if start is None or end is None:
        since = start and f"since {_moment(start)}"
        return since or (f"until {_moment(end)}" if end else "all time")
    if ranges.is_midnight(start) and ranges.is_midnight(end):
        return _days(start, end - timedelta(days=1))
    return f"{_moment(start)} to {_moment(end)}"


def _days(first: datetime, last: datetime) -> str:
    """A range of days, both included: "7 May 2025", "1–7 May 2025", "30 April – 2 May 2025"."""
    if first.date() == last.date():
        return _day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last)}"
    return f"{_day(first) if first.year != last.year else f'{first.day} {first:%B}'} – {_day(last)}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _moment(moment: datetime) -> str:
    return _day(moment) if ranges.is_midnight(moment) else f"{_day(moment)} {moment:%H:%M}"
