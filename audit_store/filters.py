"""EventFilter: which events a viewer wants, as a value, as URL parameters and as a sentence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from audit_store import ranges, week_hours
from audit_store.errors import InvalidFilter
from audit_store.event import OUTCOMES
from audit_store.ranges import Period

NO_OUTCOME = NO_SOURCE = "none"
OUTCOME_CHOICES = (*OUTCOMES, NO_OUTCOME)
Q_MAX = 200
SEARCHED = ("agent", "activity", "target", "description")
"""The fields in which every `q` is searched for; `searched` gives all of them."""
_ADDRESS = re.compile(r"[0-9a-f.:/%]+|[^\s@]*\.[^\s@]*", re.IGNORECASE)
NAMES = ("activity", "agent", "source", "not_activity", "not_agent", "not_source")
LISTS = (*NAMES, "outcome", "hours")
SINGLE = ("range", "from", "to", "tz", "q")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a viewer wants.

    The fields are named like the URL parameters; empty tuples mean "all". `period` is what `range` meant
    when the filter was made, in UTC; `start` and `end` are the texts of a custom range, in the zone `tz`.
    The source "none" is that of the events without one; `hours` holds some of `audit_store.week_hours.CHOICES`.
    `below` has no parameter: it selects only events with a smaller `seq`, the log as it was at some moment.
    Two filters with equal fields select the same events.

    >>> EventFilter(activity=("Login",), outcome=("failure",)).sentence()
    'failed Login events, all time, UTC'
    """

    period: Period = field(default_factory=Period)
    range: str = "all"
    start: str | None = None
    end: str | None = None
    tz: str = "UTC"
    activity: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    not_activity: tuple[str, ...] = ()
    not_agent: tuple[str, ...] = ()
    q: str = ""
    source: tuple[str, ...] = ()
    not_source: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    below: int | None = None

    @classmethod
    def parse(
        cls, parameters: Mapping[str, Sequence[str]], *, now: datetime | None = None, tz: str = "UTC"
    ) -> tuple[Self, list[InvalidFilter]]:
        """A filter from URL parameters, and a notice for each value that was ignored.

        `now` is aware (default: the clock), `tz` the zone if no parameter names one. Never raises.
        """
        values = _Parameters(parameters)
        zone = values.zone(tz)
        chosen, period = values.period(zone, now or datetime.now(UTC))
        bounds = values if chosen == "custom" else _Parameters({})
        names: dict[str, Any] = {name: values.distinct(name) for name in NAMES}
        return cls(
            period=period,
            range=chosen,
            start=bounds.last("from") or None,
            end=bounds.last("to") or None,
            tz=zone.key,
            outcome=values.choices("outcome", OUTCOME_CHOICES, f"give {', '.join(OUTCOME_CHOICES)}"),
            hours=values.choices("hours", week_hours.CHOICES, week_hours.ALLOWED),
            q=values.search(),
            **names,
        ), values.notices

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days and hours are cut."""
        return ZoneInfo(self.tz)

    def parameters(self) -> dict[str, list[str]]:
        """The filter as URL parameters: values at their default are left out, the zone is always named."""
        values: dict[str, tuple[str, ...]] = {
            "range": (self.range,) if self.range != ranges.DEFAULT_RANGE else (),
            "from": (self.start or "",),
            "to": (self.end or "",),
            "tz": (self.tz,),
            "q": (self.q,),
        } | {name: getattr(self, name) for name in LISTS}
        return {name: list(texts) for name, texts in values.items() if any(texts)}

    def without(self, *names: str) -> Self:
        """The filter with these fields at their default: what the counts of a facet are taken over."""
        cleared: dict[str, Any] = {name: () if name in LISTS else "" for name in names}
        return replace(self, **cleared)

    def before(self) -> Self | None:
        """The filter over the period of the same length before; None for an open range."""
        period = self.period.before
        return None if period is None else replace(self, period=period)

    def sentence(self) -> str:
        """The filter in words: "failed Login events by support-7, last 7 days, Asia/Kolkata"."""
        return f"{self.subject()}, {self._when()}, {self.tz}"

    def subject(self, noun: str = "events") -> str:
        """The filter in words without its time: "failed Login events by support-7"."""
        outcomes = [_OUTCOME_WORDS[outcome] for outcome in self.outcome if outcome != NO_OUTCOME]
        words = [_listed(outcomes), _listed(self.activity), noun]
        text = " ".join(word for word in words if word)
        if NO_OUTCOME in self.outcome:
            text += f"{' and those' if outcomes else ''} with no outcome recorded"
        text += f" by {_listed(self.agent)}" if self.agent else ""
        text += f", not {_listed(self.not_activity)}" if self.not_activity else ""
        text += f", not by {_listed(self.not_agent)}" if self.not_agent else ""
        text += f", from {_listed(_sources(self.source))}" if self.source else ""
        text += f", not from {_listed(_sources(self.not_source))}" if self.not_source else ""
        text += f' with "{self.q}"' if self.q else ""
        text += f", {_listed([week_hours.words(value) for value in self.hours])}" if self.hours else ""
        return text

    def _when(self) -> str:
        if self.range != "custom":
            return ranges.RANGES[self.range].lower()
        return f"{self.start or 'the beginning'} to {self.end or 'now'}"


def searched(q: str) -> tuple[str, ...]:
    """The fields in which a text is searched for.

    The address is one of them if the text can be a part of an IP address, or has a dot like the name of a host: to
    read it takes longer than all other fields, because it has so many values.

    >>> searched("203.0.113"), searched("journey")
    (('agent', 'activity', 'target', 'description', 'source_ip'), ('agent', 'activity', 'target', 'description'))
    """
    return (*SEARCHED, "source_ip") if _ADDRESS.fullmatch(q) else SEARCHED


_OUTCOME_WORDS = {"success": "successful", "failure": "failed"}


def _sources(names: Sequence[str]) -> list[str]:
    return ["no source" if name == NO_SOURCE else name for name in names]


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} others"
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


class _Parameters:
    """The values of URL parameters; a value that cannot be used becomes a notice. Blank values mean "not given"."""

    def __init__(self, parameters: Mapping[str, Sequence[str]]) -> None:
        self._parameters = parameters
        self.notices: list[InvalidFilter] = []

    def values(self, name: str) -> list[str]:
        """The values of a parameter that are valid Unicode."""
        valid = []
        for value in filter(None, self._parameters.get(name, ())):
            try:
                value.encode()
                valid.append(value)
            except UnicodeEncodeError:
                self.ignore(name, value, "unpaired surrogate; text must be valid Unicode")
        return valid

    def ignore(self, name: str, value: str, allowed: str) -> None:
        """Note that a value is not used."""
        self.notices.append(InvalidFilter(name, value, allowed))

    def last(self, name: str) -> str:
        """The last value of a parameter that takes one."""
        return (self.values(name) or [""])[-1]

    def distinct(self, name: str) -> tuple[str, ...]:
        """The values of a parameter that may be repeated, each once."""
        return tuple(dict.fromkeys(self.values(name)))

    def choices(self, name: str, choices: Sequence[str], allowed: str) -> tuple[str, ...]:
        """The values that are among `choices`, each once."""
        values = self.distinct(name)
        for value in values:
            if value not in choices:
                self.ignore(name, value, allowed)
        return tuple(value for value in values if value in choices)

    def search(self) -> str:
        """The text to search for, cut to Q_MAX characters."""
        text = self.last("q")
        if len(text) > Q_MAX:
            self.ignore("q", text[Q_MAX:], f"a search has at most {Q_MAX} characters; the rest was left out")
        return text[:Q_MAX]

    def zone(self, default: str) -> ZoneInfo:
        """The time zone, else the default one, else UTC."""
        for name in dict.fromkeys((self.last("tz") or default, default)):
            try:
                return ranges.zone(name)
            except InvalidFilter as notice:
                self.notices.append(notice)
        return ZoneInfo("UTC")

    def period(self, zone: ZoneInfo, now: datetime) -> tuple[str, Period]:
        """The name of the range, and what it means now; the default range where the values make no range."""
        name = self.last("range") or ranges.DEFAULT_RANGE
        bounds = {bound: self.last(bound) for bound in ("from", "to")}
        try:
            if name == "custom":
                return name, ranges.custom(bounds["from"], bounds["to"], zone)
            period = ranges.relative(name, now)
        except InvalidFilter as notice:
            self.notices.append(notice)
            return ranges.DEFAULT_RANGE, ranges.relative(ranges.DEFAULT_RANGE, now)
        for bound, text in bounds.items():
            if text:
                self.ignore(bound, text, "it needs range=custom")
        return name, period
