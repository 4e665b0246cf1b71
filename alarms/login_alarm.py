"""A login alarm: a spike in one series, with what names it for ever and which events it is made of."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from alarms.watch import Watch, watched_activities
from analysis import Alarm
from audit_store.filters import EventFilter
from audit_store.ranges import Period, midnight

NAMES = {"all": "All logins", "failed": "Failed logins", "agents": "Agents logging in"}
_KEYS = uuid.UUID("0b7bd8f1-5d4c-5c0e-8f57-3a1f4c2f6e11")


@dataclass(frozen=True)
class AlarmKey:
    """What an alarm is called for ever, whatever is read again: `kind` of series, `scope` of its filter, `agent`
    (empty for a series over many), and the hour it starts (naive UTC)."""

    kind: str
    scope: str
    agent: str
    start: datetime

    @property
    def series(self) -> tuple[str, str, str]:
        """The same without the hour."""
        return self.kind, self.scope, self.agent

    @property
    def text(self) -> str:
        """The key as a UUIDv5."""
        parts = [self.kind, self.scope, self.agent, self.start.isoformat()]
        return str(uuid.uuid5(_KEYS, "".join(f"{len(part)}:{part}" for part in parts)))


@dataclass(frozen=True)
class LoginAlarm:
    """`spike` says what was counted and what is usual (naive UTC); `noun` what it counts, in the plural.

    `where` is exactly its events, as the log shows them. `counts_failed`: only failed logins are counted. `also` are
    the alarms of other series that are the same happening (alarms.correlate).
    """

    key: AlarmKey
    spike: Alarm
    noun: str
    where: EventFilter
    counts_failed: bool
    also: tuple["LoginAlarm", ...] = ()

    @property
    def parts(self) -> tuple["LoginAlarm", ...]:
        """This alarm and those that are the same happening."""
        return self, *self.also

    @property
    def agents(self) -> set[str]:
        """The agents whose own series show it."""
        return {each.key.agent for each in self.parts if each.key.agent}

    @property
    def closest(self) -> tuple["LoginAlarm", ...]:
        """The parts that say whose logins these are: those of single agents, all where it has none."""
        return tuple(part for part in self.parts if part.key.agent) or self.parts

    @property
    def end(self) -> datetime:
        """Its end (naive UTC)."""
        return self.spike.end.to_pydatetime()


def login_alarm(watch: Watch, kind: str, spike: Alarm) -> LoginAlarm:
    """An alarm of the analysis as one of this watch."""
    agent = spike.series if kind == "agent" else ""
    start, end = spike.start.to_pydatetime(), spike.end.to_pydatetime()
    noun = "agents" if kind == "agents" else noun_of(watch, kind)
    if kind == "agents":
        # An agent that logs in for two hours is one agent: the sum over the hours would count it twice.
        spike = replace(spike, total=spike.observed)
    return LoginAlarm(
        key=AlarmKey(kind, watch.scope(kind), agent, start),
        spike=replace(spike, series=agent or NAMES[kind]),
        noun=noun,
        where=events_between(watch, start, end, agent=agent, failed=kind == "failed"),
        counts_failed=kind == "failed",
    )


def noun_of(watch: Watch, kind: str) -> str:
    """What is counted, in the plural. Without outcomes nobody knows whether an attempt was a login."""
    if kind == "failed":
        return "failed logins"
    return "logins" if watch.logins.decided else "login attempts"


def events_between(
    watch: Watch, start: datetime, end: datetime, *, agent: str = "", failed: bool = False
) -> EventFilter:
    """The logins of [`start`, `end`) (naive UTC) that the watch counts, as a filter that fits into a URL."""
    where, zone = watch.where, watch.where.zone
    failures = [each for each in watch.known.failures if not where.outcome or each in where.outcome]
    changes: dict[str, Any] = {
        "period": Period(start, end),
        "range": "custom",
        "start": local_text(start, zone),
        "end": local_text(end, zone),
        "activity": watched_activities(watch),
        "not_activity": (),
    }
    if agent:
        changes |= {"agent": (agent,), "not_agent": ()}
    if failed:
        changes["outcome"] = tuple(failures)
    return replace(where, **changes)


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """A moment (naive UTC) as `from` and `to` say it: a local date or time, with its offset where it comes twice."""
    there = moment.replace(tzinfo=UTC).astimezone(zone)
    plain = there.replace(tzinfo=None)
    if there.utcoffset() != plain.replace(tzinfo=zone, fold=1 - there.fold).utcoffset():
        return there.isoformat(timespec="minutes")
    return plain.date().isoformat() if midnight(plain) else plain.isoformat(timespec="minutes")


def local(moments: pd.DatetimeIndex, tz: str) -> pd.DatetimeIndex:
    """Naive UTC as naive local times."""
    return moments.tz_localize("UTC").tz_convert(tz).tz_localize(None)


def overlaps(first: tuple[datetime, datetime], second: tuple[datetime, datetime], within: timedelta) -> bool:
    """Whether two half-open stretches of time lie less than `within` apart."""
    return first[0] < second[1] + within and second[0] < first[1] + within
