"""A login alarm: a spike in one series, with the key that identifies it and the events it is made of."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alarms.watch import Watch
from analysis import Alarm
from audit_store.filters import EventFilter
from audit_store.local_time import bound_text
from audit_store.ranges import Period

SERIES_NAMES = {
    "all": "All logins",
    "failed": "Failed logins",
    "agents": "Agents logging in",
    "agent": "One agent",
}
"""The names of the kinds of series."""

_NAMESPACE = uuid.UUID("0b7bd8f1-5d4c-5c0e-8f57-3a1f4c2f6e11")


@dataclass(frozen=True)
class AlarmKey:
    """What identifies an alarm however often the store is read: `kind` of series, `scope` of its filter, `agent`
    (empty for a series over many), and the hour it starts (naive UTC)."""

    kind: str
    scope: str
    agent: str
    start: datetime

    @property
    def series(self) -> tuple[str, str, str]:
        """The key without the hour."""
        return self.kind, self.scope, self.agent

    @property
    def text(self) -> str:
        """The key as a UUIDv5."""
        parts = [self.kind, self.scope, self.agent, self.start.isoformat()]
        return str(uuid.uuid5(_NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))


@dataclass(frozen=True)
class LoginAlarm:
    """`spike` says what was counted and expected (naive UTC); `noun` is what it counts, in the plural.

    `where` is exactly its events, as the log shows them. `counts_failed`: only failed logins are counted. `also` are
    the alarms of other series about the same logins (alarms.detector.correlate), of which the other fields say nothing.
    """

    key: AlarmKey
    spike: Alarm
    noun: str
    where: EventFilter
    counts_failed: bool
    also: tuple["LoginAlarm", ...] = ()

    @property
    def parts(self) -> tuple["LoginAlarm", ...]:
        """This alarm and those of other series about the same logins."""
        return self, *self.also

    @property
    def agents(self) -> set[str]:
        """The agents whose own series show it."""
        return {part.key.agent for part in self.parts if part.key.agent}

    @property
    def closest(self) -> tuple["LoginAlarm", ...]:
        """The parts that say whose logins these are: those of single agents, all where it has none."""
        return tuple(part for part in self.parts if part.key.agent) or self.parts

    @property
    def start(self) -> datetime:
        """The start of the first of its parts (naive UTC)."""
        return min(part.key.start for part in self.parts)

    @property
    def end(self) -> datetime:
        """The end of the last of its parts (naive UTC)."""
        return max(part.spike.end.to_pydatetime() for part in self.parts)

    def headed_by(self, series: tuple[str, str, str]) -> "LoginAlarm":
        """The same alarm with its part in a series first, if it has one."""
        first = next((part for part in self.parts if part.key.series == series), self)
        return together(first, [part for part in self.parts if part is not first])


def together(first: LoginAlarm, others: Iterable[LoginAlarm]) -> LoginAlarm:
    """Parts as one alarm, which `first` stands for."""
    return replace(first, also=tuple(replace(part, also=()) for part in others))


def login_alarm(watch: Watch, kind: str, spike: Alarm) -> LoginAlarm:
    """An alarm of the analysis, in a series of this kind, as one of the watch."""
    agent = spike.series if kind == "agent" else ""
    start, end = spike.start.to_pydatetime(), spike.end.to_pydatetime()
    if kind == "agents":
        # An agent that logs in for two hours is one agent: the sum over the hours would count it twice.
        spike = replace(spike, total=spike.observed)
    return LoginAlarm(
        key=AlarmKey(kind, watch.scope(kind), agent, start),
        spike=replace(spike, series=agent or SERIES_NAMES[kind]),
        noun=plural_noun_of(watch, kind),
        where=events_between(watch, start, end, agent=agent, failed=kind == "failed"),
        counts_failed=kind == "failed",
    )


def noun_of(watch: Watch, kind: str) -> str:
    """What a series of this kind counts, in the singular; without outcomes it is attempts, which may have failed."""
    if kind == "agents":
        return "agent"
    if kind == "failed":
        return "failed login"
    return "login" if watch.logins.with_outcome else "login attempt"


def plural_noun_of(watch: Watch, kind: str) -> str:
    """The same in the plural."""
    return f"{noun_of(watch, kind)}s"


def events_between(
    watch: Watch, start: datetime, end: datetime, *, agent: str = "", failed: bool = False
) -> EventFilter:
    """The logins of [`start`, `end`) (naive UTC) that the watch counts, as a filter that a URL can hold."""
    where, zone = watch.where, watch.where.zone
    changes: dict[str, Any] = {
        "period": Period(start, end),
        "range": "custom",
        "start": bound_text(start, zone),
        "end": bound_text(end, zone),
        "activity": watch.activities,
        "not_activity": (),
    }
    if agent:
        changes |= {"agent": (agent,), "not_agent": ()}
    if failed:
        failures = watch.catalogue.failures
        changes["outcome"] = tuple(name for name in failures if not where.outcome or name in where.outcome)
    return replace(where, **changes)


def overlaps(first: tuple[datetime, datetime], second: tuple[datetime, datetime], within: timedelta) -> bool:
    """Whether two half-open stretches of time lie less than `within` apart."""
    return first[0] < second[1] + within and second[0] < first[1] + within
