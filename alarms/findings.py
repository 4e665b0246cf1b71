"""Quieter notes beside the alarms: slow rises, unusual hours, first times, silence. Each with its own events."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alarms.counts import Whole
from alarms.login_alarm import NAMES, events_between, local_text, noun_of
from alarms.review import Review
from alarms.sensitivity import USUAL, Sensitivity
from alarms.watch import LEAST, OVERALL, Watch, in_period, is_over, touches, watched_activities
from analysis import (
    Alarm,
    Note,
    explain,
    fit,
    gone_silent,
    new_activities,
    new_addresses,
    sustained_rises,
    unusual_hours,
)
from analysis.notes import KNOWN_FOR
from audit_store.engines.protocol import Engine
from audit_store.filters import EventFilter
from audit_store.ranges import Period

KINDS = ("sustained rise", "unusual hour", "new address", "new activity", "gone silent")
MOST_UNFITTED = 200
"""Quiet agents that are looked through for unusual hours, those with most logins first."""

MOST_FIRST_TIMES = 500
"""First addresses, and first activities: the newest are told."""

_ENOUGH = 50  # events in eight weeks, below which an empty hour may be chance (analysis.notes)


@dataclass(frozen=True)
class QuietNote:
    """A line worth reading. `kind` is one of KINDS; `at` and `end` are naive UTC; `where` are its events, as the log
    shows them. `text` quotes names as logged: escape it before a browser renders it."""

    kind: str
    series: str
    at: datetime
    end: datetime
    text: str
    where: EventFilter


def notes(store: Engine, watch: Watch, found: Review, sensitivity: Sensitivity = USUAL) -> list[QuietNote]:
    """The notes of the period, the newest first. Raises what the store raises.

    A rise that an alarm of the same series has told is not told again.
    """
    if not watch.logins.events or not len(watch.logins.clock.hours) or not watched_activities(watch):
        return []
    told = [*_rises(watch, found, sensitivity), *_hours(watch), *_first_times(store, watch)]
    told += _silences(store, watch)
    return sorted(told, key=lambda note: (note.at, note.kind, note.series), reverse=True)


def _rises(watch: Watch, found: Review, sensitivity: Sensitivity) -> Iterable[QuietNote]:
    # Agents of an hour do not add up to agents of a day, so their number has no daily test.
    overall = pd.DataFrame(watch.overall.counts[:2].T, index=watch.overall.buckets, columns=[*OVERALL[:2]])
    tz, budget = watch.where.tz, sensitivity.budget
    agents = _agents(watch, _highest_day(watch) >= LEAST)[:MOST_UNFITTED]
    over = is_over(watch.overall.buckets, watch.now)
    rises = [
        (kind.series, kind) for kind in sustained_rises(overall[over], tz=tz, scope="overall", budget=budget)
    ]
    fleet = watch.counts(agents)[over]
    rises += [("agent", rise) for rise in sustained_rises(fleet, tz=tz, budget=budget)]
    for kind, rise in rises:
        if touches(rise.start, rise.end, watch.shown) and not _told_already(found, kind, rise):
            agent = rise.series if kind == "agent" else ""
            text = explain(
                replace(rise, series=NAMES.get(kind, rise.series)), tz=tz, noun=noun_of(watch, kind)
            )
            yield _note(
                watch, "sustained rise", agent or kind, rise.start, rise.end, text, kind == "failed", agent
            )


def _told_already(found: Review, kind: str, rise: Alarm) -> bool:
    agent = rise.series if kind == "agent" else ""
    return any(
        part.key.kind == kind
        and part.key.agent == agent
        and part.spike.start < rise.end
        and rise.start < part.spike.end
        for alarm in found.alarms
        for part in alarm.parts
    )


def _hours(watch: Watch) -> Iterable[QuietNote]:
    """Unusual hours of agents that are busy enough, and not only of those with a high hour."""
    near = in_period(watch.logins.clock.hours, watch.shown)
    active = np.bincount(watch.logins.agent[near[watch.logins.hour]], minlength=watch.n_agents) > 0
    agents = _agents(watch, active & (_total(watch) >= _ENOUGH))[:MOST_UNFITTED]
    if not len(agents):
        return
    model = fit(watch.counts(agents), tz=watch.where.tz, now=pd.Timestamp(watch.now))
    for note in unusual_hours(model, tz=watch.where.tz):
        if touches(note.at, note.at + pd.Timedelta("1h"), watch.shown):
            yield _of(watch, note, timedelta(hours=1))


def _first_times(store: Engine, watch: Watch) -> Iterable[QuietNote]:
    """First addresses among logins, and first activities among everything, of the agents that are looked at."""
    everything = replace(
        EventFilter(), tz=watch.where.tz, agent=watch.where.agent, not_agent=watch.where.not_agent
    )
    everything = replace(everything, period=Period(*watch.shown))
    logins = replace(
        watch.where, period=Period(*watch.shown), activity=watched_activities(watch), not_activity=()
    )
    ask: dict[str, Any] = {"known_for": KNOWN_FOR.to_pytimedelta(), "rows": MOST_FIRST_TIMES}
    with store.read() as reader:
        addresses = reader.run(store.login_queries.first_times(logins, "source_ip", **ask))
        activities = reader.run(store.login_queries.first_times(everything, "activity", **ask))
    since = pd.Timestamp(watch.shown[0])
    for note in new_addresses(_with_known(addresses), since=since):
        yield _of(watch, note, timedelta(hours=1))
    for note in new_activities(_with_known(activities), since=since):
        yield replace(_of(watch, note, timedelta(hours=1)), where=_whole_hour(watch, note))


def _with_known(first: pd.DataFrame) -> pd.DataFrame:
    """First times with the first event of each agent, which says how long it was known."""
    known = (
        first.drop_duplicates("agent").drop(columns="occurred_at").rename(columns={"known": "occurred_at"})
    )
    names = [name for name in first.columns if name not in ("agent", "occurred_at", "known")]
    return pd.concat([first.drop(columns="known"), known.assign(**dict.fromkeys(names))])


def _silences(store: Engine, watch: Watch) -> Iterable[QuietNote]:
    """Sources and agents that are silent at the end of the period, as long as the period reaches to the present."""
    hours = watch.logins.clock.hours
    over = is_over(hours, watch.now)
    if not over.any() or watch.shown[1] < watch.now - timedelta(hours=1):
        return
    # Where everything is silent until now, that is what is to be told; an outage before it says nothing of a source.
    seen_later = np.cumsum(watch.logins.sources.to_numpy().sum(axis=1)[::-1])[::-1] > 0
    outage = pd.Series(watch.logins.gap & seen_later, index=hours)
    sources = watch.logins.sources.astype(float).mask(outage)[over]
    for note in gone_silent(sources[[name for name in sources.columns if name]]):
        where = replace(_around(watch, note.at - timedelta(hours=1), note.at), source=(note.series,))
        text = f"source {note.text}"
        yield QuietNote(note.kind, note.series, note.at.to_pydatetime(), watch.shown[1], text, where)
    agents = _agents(watch, _total(watch) >= _ENOUGH)[:MOST_UNFITTED]
    silent = list(gone_silent(watch.counts(agents)[over]))
    with store.read() as reader:
        seen = reader.run(store.login_queries.last_seen([note.series for note in silent])).set_index("agent")[
            "last"
        ]
    for note in silent:
        # Somebody who goes on working without a new login is not silent.
        if seen[note.series] < note.at and note.at >= watch.shown[0]:
            yield _of(watch, replace(note, at=note.at - pd.Timedelta("1h")), timedelta(hours=1))


def _agents(watch: Watch, which: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Places of the chosen agents among `which`, those with most logins first."""
    places = np.flatnonzero(which & watch.chosen)
    busiest: NDArray[np.intp] = places[np.argsort(-_total(watch)[places], kind="stable")]
    return busiest


def _total(watch: Watch) -> Whole:
    """The logins of each agent."""
    total = np.zeros(watch.n_agents, dtype=np.int64)
    np.add.at(total, watch.logins.agent, watch.logins.attempts)
    return total


def _highest_day(watch: Watch) -> Whole:
    """The most logins of each agent on two days of UTC, which hold every local day: below LEAST none is a rise."""
    days = watch.logins.hour // 24
    sums = np.zeros((watch.n_agents, int(days.max(initial=0)) + 2), dtype=np.int64)
    np.add.at(sums, (watch.logins.agent, days), watch.logins.attempts)
    highest: Whole = (sums[:, :-1] + sums[:, 1:]).max(axis=1)
    return highest


def _of(watch: Watch, note: Note, length: timedelta) -> QuietNote:
    return _note(watch, note.kind, note.series, note.at, note.at + length, note.text, False, note.series)


def _note(
    watch: Watch,
    kind: str,
    series: str,
    at: pd.Timestamp,
    end: pd.Timestamp,
    text: str,
    failed: bool,
    agent: str,
) -> QuietNote:
    start, until = (moment.floor("min").to_pydatetime() for moment in (at, end))
    where = events_between(watch, start, until, agent=agent, failed=failed)
    return QuietNote(kind, series, start, until, text, where)


def _whole_hour(watch: Watch, note: Note) -> EventFilter:
    """All that an agent did in the hour of a first activity."""
    return replace(_around(watch, note.at, note.at + timedelta(hours=1)), agent=(note.series,))


def _around(watch: Watch, start: pd.Timestamp, end: pd.Timestamp) -> EventFilter:
    first, last = (moment.floor("min").to_pydatetime() for moment in (start, end))
    zone = watch.where.zone
    return EventFilter(
        period=Period(first, last),
        range="custom",
        start=local_text(first, zone),
        end=local_text(last, zone),
        tz=watch.where.tz,
    )
