"""What the page shows as a sentence for a ticket, with the link that shows the same again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from audit_store import ranges
from audit_store.filters import EventFilter
from dashboard.filters.url_state import local_text
from dashboard.text import count, shown


def sentence(where: EventFilter, events: int, agents: int) -> str:
    """How many events were selected, of whom and when: "42 failed Login events by 3 agents, 1–7 May 2025, UTC".

    Days are those of the filter's zone; log text in it has passed the gate.
    """
    end = f"events, all time, {where.tz}"
    told = replace(where, range="all", agent=where.agent or (count(agents, "agent"),)).sentence()
    kind = (
        EventFilter(outcome=where.outcome, activity=where.activity, tz=where.tz).sentence().removesuffix(end)
    )
    rest = told.removeprefix(f"{kind}events").removesuffix(f", all time, {where.tz}")
    return shown(f"{count(events)} {kind}event{'' if events == 1 else 's'}{rest}, {_when(where)}, {where.tz}")


def link(where: EventFilter, page: str) -> str:
    """The address of `page` with the same events whenever it is opened: fixed dates, and the zone named."""
    fixed = replace(
        where,
        range="custom" if where.period.start or where.period.end else "all",
        start=_text(where, where.period.start),
        end=_text(where, where.period.end),
    )
    return f"{page.partition('?')[0]}?{urlencode(fixed.parameters(), doseq=True)}"


def _text(where: EventFilter, moment: datetime | None) -> str | None:
    return None if moment is None else local_text(_local(where, moment))


def _local(where: EventFilter, moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(where.zone).replace(tzinfo=None)


def _when(where: EventFilter) -> str:
    start, end = where.period.start, where.period.end
    if start is None or end is None:
        since = start and f"since {_moment(_local(where, start))}"
        return since or (f"until {_moment(_local(where, end))}" if end else "all time")
    begin, stop = _local(where, start), _local(where, end)
    if ranges.midnight(begin) and ranges.midnight(stop):
        return _days(begin, stop - timedelta(days=1))
    return f"{_moment(begin)} to {_moment(stop)}"


def _days(first: datetime, last: datetime) -> str:
    """The days from the first to the last, both included: "7 May 2025", "1–7 May 2025", "30 April – 2 May 2025"."""
    if first.date() == last.date():
        return _day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last)}"
    return f"{_day(first) if first.year != last.year else f'{first.day} {first:%B}'} – {_day(last)}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _moment(moment: datetime) -> str:
    return _day(moment) if ranges.midnight(moment) else f"{_day(moment)} {moment:%H:%M}"
