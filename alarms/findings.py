"""Low-priority findings beside the alarms: slow rises, unusual hours, first times and silent agents."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import analysis
from alarms.counts import HOUR, Integers
from alarms.login_alarm import SERIES_NAMES, events_between, plural_noun_of
from alarms.records.record import AlarmRecord
from alarms.sensitivity import DEFAULT_SENSITIVITY, Sensitivity
from alarms.watch import OVERALL, Watch, in_period, is_over, overall_counts, touches
from analysis import ENOUGH_EVENTS, KNOWN_FOR, SMALLEST_SPIKE, Alarm, Finding, explain
from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter
from audit_store.local_time import bound_text
from audit_store.ranges import Period

MOST_EXAMINED = 200
"""Agents that are examined for slow rises, unusual hours and silence, those with most logins first."""

MOST_FIRST_TIMES = 500
"""First addresses, and first activities, that are listed: the newest."""


@dataclass(frozen=True)
class LoginFinding:
    """A line worth reading. `kind` is "sustained rise", "unusual hour", "new address", "new activity" or
    "gone silent"; `at` and `end` are naive UTC; `where` are its events, as the log shows them. `text` quotes names as
    logged: escape it before a browser renders it."""

    kind: str
    series: str
    at: datetime
    end: datetime
    text: str
    where: EventFilter


def findings(
    store: Engine,
    watch: Watch,
    records: Sequence[AlarmRecord],
    sensitivity: Sensitivity = DEFAULT_SENSITIVITY,
) -> list[LoginFinding]:
    """The findings of the period, the newest first. Raises what the store raises.

    A rise that is part of one of the `records`, in the same series, is left out.
    """
    if not watch.logins.events or not len(watch.logins.clock.hours) or not watch.activities:
        return []
    listed = [
        *_rises(watch, records, sensitivity),
        *_unusual_hours(watch),
        *_first_times(store, watch),
        *_silent_agents(store, watch),
    ]
    return sorted(listed, key=lambda finding: (finding.at, finding.kind, finding.series), reverse=True)


def _rises(watch: Watch, records: Sequence[AlarmRecord], sensitivity: Sensitivity) -> Iterable[LoginFinding]:
    tz, budget = watch.where.tz, sensitivity.budget
    finished = is_over(watch.logins.clock.hours, watch.now)
    # Agents of an hour do not add up to agents of a day, so their number has no daily test.
    overall = overall_counts(watch.logins, watch.where)[[*OVERALL[:2]]]
    fleet = watch.counts(_busiest(watch, _highest_day(watch) >= SMALLEST_SPIKE))
    of_all = analysis.sustained_rises(overall[finished], tz=tz, scope="overall", budget=budget)
    of_agents = analysis.sustained_rises(fleet[finished], tz=tz, budget=budget)
    for kind, rise in [*((rise.series, rise) for rise in of_all), *(("agent", rise) for rise in of_agents)]:
        if touches(rise.start, rise.end, watch.period) and not _has_alarm(records, kind, rise):
            yield _rise(watch, kind, rise)


def _rise(watch: Watch, kind: str, rise: Alarm) -> LoginFinding:
    agent = rise.series if kind == "agent" else ""
    named = replace(rise, series=agent or SERIES_NAMES[kind])
    start, end = _minutes(rise.start, rise.end)
    return LoginFinding(
        kind="sustained rise",
        series=rise.series,
        at=start,
        end=end,
        text=explain(named, tz=watch.where.tz, noun=plural_noun_of(watch, kind)).text,
        where=events_between(watch, start, end, agent=agent, failed=kind == "failed"),
    )


def _has_alarm(records: Sequence[AlarmRecord], kind: str, rise: Alarm) -> bool:
    agent = rise.series if kind == "agent" else ""
    return any(
        (span.key.kind, span.key.agent) == (kind, agent)
        and span.key.start < rise.end
        and rise.start < span.end
        for record in records
        for span in record.spans
    )


def _unusual_hours(watch: Watch) -> Iterable[LoginFinding]:
    """Unusual hours of agents that are busy enough, not only of those with a high hour."""
    is_near = in_period(watch.logins.clock.hours, watch.period)
    is_active = np.bincount(watch.logins.agent[is_near[watch.logins.hour]], minlength=watch.n_agents) > 0
    agents = _busiest(watch, is_active & (_total(watch) >= ENOUGH_EVENTS))
    if not len(agents):
        return
    model = analysis.fit(watch.counts(agents), tz=watch.where.tz, now=pd.Timestamp(watch.now))
    for finding in analysis.unusual_hours(model, tz=watch.where.tz):
        if touches(finding.at, finding.at + HOUR, watch.period):
            yield _of_agent(watch, finding)


def _first_times(store: Engine, watch: Watch) -> Iterable[LoginFinding]:
    """First addresses among logins, and first activities among all events, of the agents that are looked at."""
    period = Period(*watch.period)
    events = EventFilter(
        period=period, tz=watch.where.tz, agent=watch.where.agent, not_agent=watch.where.not_agent
    )
    logins = replace(watch.where, period=period, activity=watch.activities, not_activity=())
    limits: dict[str, Any] = {"known_for": KNOWN_FOR.to_pytimedelta(), "rows": MOST_FIRST_TIMES}
    with store.read() as reader:
        addresses = reader.run(store.login_queries.first_times(logins, "source_ip", **limits))
        activities = reader.run(store.login_queries.first_times(events, "activity", **limits))
    since = pd.Timestamp(watch.period[0])
    for finding in analysis.new_addresses(_with_first_events(addresses), since=since):
        yield _of_agent(watch, finding)
    for finding in analysis.new_activities(_with_first_events(activities), since=since):
        # Any event of the agent in that hour, not only its logins.
        where = replace(_between(watch, finding.at, finding.at + HOUR), agent=(finding.series,))
        yield replace(_of_agent(watch, finding), where=where)


def _with_first_events(first_times: pd.DataFrame) -> pd.DataFrame:
    """First times with the first event of each agent, which says how long it was known."""
    first_events = first_times.drop_duplicates("agent").drop(columns="occurred_at")
    first_events = first_events.rename(columns={"known": "occurred_at"})
    others = [name for name in first_times.columns if name not in ("agent", "occurred_at", "known")]
    return pd.concat([first_times.drop(columns="known"), first_events.assign(**dict.fromkeys(others))])


def _reaches_now(watch: Watch) -> bool:
    """Whether the period reaches to the present, so that silence at its end is news."""
    return bool(is_over(watch.logins.clock.hours, watch.now).any()) and watch.period[1] >= watch.now - HOUR


def _silent_agents(store: Engine, watch: Watch) -> Iterable[LoginFinding]:
    if not _reaches_now(watch):
        return
    agents = _busiest(watch, _total(watch) >= ENOUGH_EVENTS)
    silent = analysis.gone_silent(watch.counts(agents)[is_over(watch.logins.clock.hours, watch.now)])
    rows = store.run(store.login_queries.last_seen([finding.series for finding in silent]))
    last_seen = dict(zip(rows["agent"], rows["last"], strict=True))
    for finding in silent:
        # Somebody who goes on working without a new login is not silent.
        if last_seen[finding.series] < finding.at and finding.at >= watch.period[0]:
            yield _of_agent(watch, replace(finding, at=finding.at - HOUR))


def _busiest(watch: Watch, is_candidate: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Positions of the candidates that the filter includes, at most MOST_EXAMINED, those with most logins first."""
    positions = np.flatnonzero(is_candidate & watch.is_selected)
    busiest: NDArray[np.intp] = positions[np.argsort(-_total(watch)[positions], kind="stable")]
    return busiest[:MOST_EXAMINED]


def _total(watch: Watch) -> Integers:
    """The logins of each agent."""
    total = np.zeros(watch.n_agents, dtype=np.int64)
    np.add.at(total, watch.logins.agent, watch.logins.attempts)
    return total


def _highest_day(watch: Watch) -> Integers:
    """The most logins of each agent on two successive days of UTC, which hold every local day."""
    days = watch.logins.hour // 24
    sums = np.zeros((watch.n_agents, int(days.max(initial=0)) + 2), dtype=np.int64)
    np.add.at(sums, (watch.logins.agent, days), watch.logins.attempts)
    highest: Integers = (sums[:, :-1] + sums[:, 1:]).max(axis=1)
    return highest


def _of_agent(watch: Watch, finding: Finding) -> LoginFinding:
    """A finding about one agent, with its logins of one hour."""
    start, end = _minutes(finding.at, finding.at + HOUR)
    where = events_between(watch, start, end, agent=finding.series)
    return LoginFinding(finding.kind, finding.series, start, end, finding.text, where)


def _minutes(start: pd.Timestamp, end: pd.Timestamp) -> tuple[datetime, datetime]:
    """Both times cut to whole minutes, which a URL can hold."""
    return start.floor("min").to_pydatetime(), end.floor("min").to_pydatetime()


def _between(watch: Watch, start: pd.Timestamp, end: pd.Timestamp) -> EventFilter:
    """All events of [`start`, `end`), whole minutes."""
    first, last = _minutes(start, end)
    zone = watch.where.zone
    return EventFilter(
        period=Period(first, last),
        range="custom",
        start=bound_text(first, zone),
        end=bound_text(last, zone),
        tz=watch.where.tz,
    )
