"""What the log says of one agent, address or target: since when, at which hours, what, from where, and what is new."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pandas as pd

from audit_store.engines.protocol import Query
from audit_store.filters import EventFilter
from audit_store.quantities import counted
from audit_store.ranges import Buckets, Period
from dashboard import active_catalogue, data
from dashboard.activity import local_buckets
from dashboard.agent_page.subject import Subject
from dashboard.filters import subject_links
from dashboard.text import shown
from dashboard.times import local

NEW = timedelta(days=30)
"""How far back something counts as new."""
LISTED = 10
LATEST = 10
"""How many of the newest events are listed."""
_COLUMNS = (
    "seq",
    "event_id",
    "occurred_at",
    "agent",
    "activity",
    "outcome",
    "source_ip",
    "target",
    "description",
)
_QUARTERS = Buckets(timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a subject.

    `first` and `last` are naive UTC, exact to a quarter of an hour; None without events. `week` is the result of
    `local_buckets.heat_map` over all time. `activities` has rows value, events, is_new; `addresses` has rows of
    `LoginQueries.done_by` of at most NEW before the end of the period, added up by address and agent. `latest` are the
    newest events of the filter.
    """

    first: datetime | None
    last: datetime | None
    week: pd.DataFrame
    activities: pd.DataFrame
    addresses: pd.DataFrame
    latest: pd.DataFrame


def read(subject: Subject, where: EventFilter, now: datetime) -> Facts:
    """The facts of a subject under a filter, at `now` (naive UTC). Raises as `data.surroundings`."""
    queries, catalogue = data.queries(), active_catalogue.activities()
    recent = Period(now - NEW, None)
    since = subject.since(now)
    timeline, before, within, during, latest, *done = data.frames(
        queries.timeline(subject.during(Period(since, None)), _QUARTERS, catalogue),
        queries.facet(subject.during(Period(since, recent.start)), "activity", data.OPTIONS),
        queries.facet(subject.during(recent), "activity", data.OPTIONS),
        queries.facet(where, "activity", data.OPTIONS),
        data.newest(where, LATEST, _COLUMNS),
        *_done_by(subject, where, now),
    )
    fresh = set(within["value"]) - set(before["value"])
    buckets = timeline["bucket"]
    return Facts(
        first=None if buckets.empty else buckets.min().to_pydatetime(),
        last=None if buckets.empty else max(buckets.max(), latest["occurred_at"].max()).to_pydatetime(),
        week=local_buckets.heat_map(timeline, where.zone),
        activities=during.assign(is_new=during["value"].isin(fresh)),
        addresses=_added_up(done[0])
        if done
        else pd.DataFrame(columns=["agent", "source_ip", "events", "first_at"]),
        latest=latest,
    )


def activities(facts: Facts) -> pd.DataFrame:
    """The activities in words, escaped for the screen."""
    listed = facts.activities.head(LISTED)
    return pd.DataFrame(
        {
            "Activity": [shown(value) for value in listed["value"]],
            "Events": listed["events"].to_numpy(),
            "New": ["new" if is_new else "" for is_new in listed["is_new"]],
        }
    )


def addresses(facts: Facts, subject: Subject, where: EventFilter) -> pd.DataFrame:
    """The addresses of an agent, or the agents of an address, in words, escaped for the screen."""
    other, label = _other(subject)
    listed = facts.addresses.head(LISTED)
    return pd.DataFrame(
        {
            label: [shown(value) if isinstance(value, str) else "none" for value in listed[other]],
            "Events": listed["events"].to_numpy(),
            "First in this range": [
                local(first.to_pydatetime(), where.zone)[:16] for first in listed["first_at"]
            ],
        }
    )


def address_links(facts: Facts, subject: Subject, where: EventFilter) -> dict[str, list[str | None]]:
    """The links of the rows of `addresses`."""
    other, label = _other(subject)
    return {label: subject_links.urls(other, facts.addresses.head(LISTED)[other], where)}


def latest(facts: Facts, subject: Subject, where: EventFilter) -> pd.DataFrame:
    """The newest events in words, without what all have in common, their subject; escaped for the screen."""
    rows = facts.latest
    times = [local(moment.to_pydatetime(), where.zone)[:19] for moment in rows["occurred_at"]]
    texts = {
        label: [shown(value) if isinstance(value, str) else "" for value in rows[column]]
        for label, column in (
            ("Agent", "agent"),
            ("Activity", "activity"),
            ("Outcome", "outcome"),
            ("Address", "source_ip"),
            ("Target", "target"),
            ("Description", "description"),
        )
        if column != subject.kind
    }
    return pd.DataFrame({"Time": times, **texts})


def latest_links(facts: Facts, subject: Subject, where: EventFilter) -> dict[str, list[str | None]]:
    """The links of the rows of `latest`."""
    return {
        label: subject_links.urls(kind, facts.latest[kind], where)
        for kind, label in subject_links.KINDS.items()
        if kind != subject.kind
    }


def novelty(facts: Facts) -> str:
    """What is new in one line; "" where nothing is."""
    fresh = [shown(value) for value in facts.activities.loc[facts.activities["is_new"], "value"]]
    if not fresh:
        return ""
    number = counted(len(fresh), "activity", "activities")
    names = ", ".join([*fresh[:3], *(["…"] if len(fresh) > 3 else [])])
    return f"New in the last {NEW.days} days: {number} ({names})"


def _other(subject: Subject) -> tuple[str, str]:
    """What is listed beside a subject, its column and its label: an address's agents, another one's addresses."""
    return ("agent", "Agent") if subject.kind == "source_ip" else ("source_ip", "Address")


def _done_by(subject: Subject, where: EventFilter, now: datetime) -> list[Query]:
    """The statement about addresses: only events of at most NEW are read."""
    if subject.kind == "target":
        return []
    end = min(where.period.end or now, now) + timedelta(microseconds=1)
    start = max(where.period.start or end - NEW, end - NEW)
    agent, address = (subject.name, None) if subject.kind == "agent" else (None, subject.name)
    bounded = replace(where.without("agent"), period=Period(start, end))
    return [data.store().login_queries.done_by(bounded, [(0, agent, address, start, end)])]


def _added_up(done: pd.DataFrame) -> pd.DataFrame:
    groups = done.groupby(["agent", "source_ip"], dropna=False, sort=False)
    sums = groups.agg(events=("events", "sum"), first_at=("first_at", "min")).reset_index()
    return sums.sort_values("events", ascending=False, ignore_index=True)
