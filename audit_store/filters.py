"""EventFilter: which events a reader wants, as a SQL condition, as URL parameters and as a sentence."""

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
SEARCHED = ("description", "agent", "activity", "target", "source_ip")
NAMES = ("activity", "agent", "source", "not_activity", "not_agent", "not_source")
LISTS = (*NAMES, "outcome", "hours")
SINGLE = ("range", "from", "to", "tz", "q")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a reader wants.

    The fields are named like the URL parameters; empty tuples mean "all". `period` is what `range` meant
    when the filter was made, in UTC; `start` and `end` are the texts of a custom range, in the zone `tz`.
    The source "none" is that of the events without one; `hours` holds some of `audit_store.week_hours.CHOICES`.
    Two filters with equal fields select the same events.

    >>> EventFilter(activity=("Login",), outcome=("failure",)).condition()[0]
    '(activity = ANY($activity)) AND outcome = ANY($outcome)'
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

    @classmethod
    def parse(
        cls, parameters: Mapping[str, Sequence[str]], *, now: datetime | None = None, tz: str = "UTC"
    ) -> tuple[Self, list[InvalidFilter]]:
        """A filter from URL parameters, and a notice for each value that was ignored.

        `now` is aware (default: the clock), `tz` the zone where none is given. Never raises.
        """
        now = now or datetime.now(UTC)
        notices: list[InvalidFilter] = []
        given = {name: _readable(name, parameters.get(name, ()), notices) for name in (*SINGLE, *LISTS)}
        one = {name: (given[name] or [""])[-1] for name in SINGLE}
        name = _zone_name(one["tz"], tz, notices)
        chosen, period = _period(one, ranges.zone(name), now, notices)
        outcome = _known("outcome", given, OUTCOME_CHOICES, f"give {', '.join(OUTCOME_CHOICES)}", notices)
        of_week = _known("hours", given, week_hours.CHOICES, week_hours.ALLOWED, notices)
        if len(one["q"]) > Q_MAX:
            beyond = f"a search may have {Q_MAX} characters, and this goes beyond them"
            notices.append(InvalidFilter("q", one["q"][Q_MAX:], beyond))
        is_custom = chosen == "custom"
        return cls(
            period=period,
            range=chosen,
            start=(one["from"] or None) if is_custom else None,
            end=(one["to"] or None) if is_custom else None,
            tz=name,
            outcome=outcome,
            hours=of_week,
            q=one["q"][:Q_MAX],
            **{key: tuple(dict.fromkeys(given[key])) for key in NAMES},
        ), notices

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days and hours are cut."""
        return ZoneInfo(self.tz)

    def condition(self) -> tuple[str, dict[str, Any]]:
        """A SQL condition over `events` with named parameters, and their values."""
        parts: list[str] = []
        values: dict[str, Any] = {}
        if self.period.start is not None:
            parts.append("occurred_at >= $start")
            values["start"] = self.period.start
        if self.period.end is not None:
            parts.append("occurred_at < $end")
            values["end"] = self.period.end
        for name in NAMES:
            if wanted := getattr(self, name):
                column = name.removeprefix("not_")
                parts.append(f"{'NOT ' if column != name else ''}({column} = ANY(${name}))")
                values[name] = [*wanted, *([""] if column == "source" and NO_SOURCE in wanted else [])]
        if self.outcome:
            parts.append(self._outcome_condition(values))
        if self.q:
            parts.append(
                "(" + " OR ".join(f"contains(lower({column}), lower($q))" for column in SEARCHED) + ")"
            )
            values["q"] = self.q
        if self.hours:
            parts.append(week_hours.condition(self.zone, self.period))
            values["hours"] = week_hours.chosen(self.hours)
        return " AND ".join(parts) or "true", values

    def _outcome_condition(self, values: dict[str, Any]) -> str:
        given = [outcome for outcome in self.outcome if outcome != NO_OUTCOME]
        if not given:
            return "outcome IS NULL"
        values["outcome"] = given
        return (
            "(outcome = ANY($outcome) OR outcome IS NULL)"
            if NO_OUTCOME in self.outcome
            else "outcome = ANY($outcome)"
        )

    def parameters(self) -> dict[str, list[str]]:
        """The same filter as URL parameters; what is at its default is left out, the zone is always named."""
        found: dict[str, tuple[str, ...]] = {
            "range": (self.range,) if self.range != ranges.DEFAULT_RANGE else (),
            "from": (self.start or "",),
            "to": (self.end or "",),
            "tz": (self.tz,),
            "q": (self.q,),
        } | {name: getattr(self, name) for name in LISTS}
        return {name: list(values) for name, values in found.items() if any(values)}

    def without(self, *names: str) -> Self:
        """The same filter with these fields at their default: what a facet counts over."""
        cleared: dict[str, Any] = {name: () if name in LISTS else "" for name in names}
        return replace(self, **cleared)

    def before(self) -> Self | None:
        """The same filter over the period of the same length before; None for an open range."""
        period = self.period.before
        return None if period is None else replace(self, period=period)

    def sentence(self) -> str:
        """What is selected, for a person: "failed Login events by support-7, last 7 days, Asia/Kolkata"."""
        outcomes = [_OUTCOME_WORDS[outcome] for outcome in self.outcome]
        words = [_listed(outcomes), _listed(self.activity), "events"]
        text = " ".join(word for word in words if word)
        text += f" by {_listed(self.agent)}" if self.agent else ""
        text += f", not {_listed(self.not_activity)}" if self.not_activity else ""
        text += f", not by {_listed(self.not_agent)}" if self.not_agent else ""
        text += f", from {_listed(_sources(self.source))}" if self.source else ""
        text += f", not from {_listed(_sources(self.not_source))}" if self.not_source else ""
        text += f' with "{self.q}"' if self.q else ""
        text += f", {_listed([week_hours.words(value) for value in self.hours])}" if self.hours else ""
        return f"{text}, {self._when()}, {self.tz}"

    def _when(self) -> str:
        if self.range != "custom":
            return ranges.RANGES[self.range].lower()
        return f"{self.start or 'the beginning'} to {self.end or 'now'}"


_OUTCOME_WORDS = {"success": "successful", "failure": "failed", NO_OUTCOME: "undecided"}


def _sources(names: Sequence[str]) -> list[str]:
    return ["no source" if name == NO_SOURCE else name for name in names]


def _listed(names: Sequence[str]) -> str:
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} others"
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _readable(name: str, values: Sequence[str], notices: list[InvalidFilter]) -> list[str]:
    """The values that say something: a blank one means "not given"."""
    found = []
    for value in filter(None, values):
        try:
            value.encode()
            found.append(value)
        except UnicodeEncodeError:
            notices.append(InvalidFilter(name, value, "half of a surrogate pair is no character"))
    return found


def _known(
    name: str,
    given: Mapping[str, Sequence[str]],
    allowed: Sequence[str],
    words: str,
    notices: list[InvalidFilter],
) -> tuple[str, ...]:
    """The values that are allowed, each once; a notice for every other."""
    distinct = dict.fromkeys(given[name])
    notices += [InvalidFilter(name, value, words) for value in distinct if value not in allowed]
    return tuple(value for value in distinct if value in allowed)


def _zone_name(wanted: str, default: str, notices: list[InvalidFilter]) -> str:
    for name in dict.fromkeys((wanted or default, default)):
        try:
            return ranges.zone(name).key
        except InvalidFilter as notice:
            notices.append(notice)
    return "UTC"


def _period(
    one: Mapping[str, str], zone: ZoneInfo, now: datetime, notices: list[InvalidFilter]
) -> tuple[str, Period]:
    name = one["range"] or ranges.DEFAULT_RANGE
    try:
        if name == "custom":
            return name, ranges.custom(one["from"], one["to"], zone)
        period = ranges.relative(name, now)
    except InvalidFilter as notice:
        notices.append(notice)
        return ranges.DEFAULT_RANGE, ranges.relative(ranges.DEFAULT_RANGE, now)
    unused = [InvalidFilter(end, one[end], "it needs range=custom") for end in ("from", "to") if one[end]]
    notices.extend(unused)
    return name, period
