"""EventFilter: which events a viewer wants, as a value, as URL parameters and as a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from audit_store import ranges
from audit_store.errors import InvalidFilter
from audit_store.filters import sentence
from audit_store.filters.fields import FIELDS, LISTS
from audit_store.filters.parameters import Parameters
from audit_store.filters.parts import Part, parts
from audit_store.ranges import Period


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
        values = Parameters(parameters)
        zone = values.zone(tz)
        chosen, period = values.period(zone, now or datetime.now(UTC))
        bounds = values if chosen == "custom" else Parameters({})
        lists: dict[str, Any] = {
            parameter: values.of_field(field, parameter) for field in FIELDS for parameter in field.parameters
        }
        return cls(
            period=period,
            range=chosen,
            start=bounds.last("from") or None,
            end=bounds.last("to") or None,
            tz=zone.key,
            q=values.search(),
            **lists,
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

    def values(self, parameter: str) -> tuple[str, ...]:
        """The values of a parameter that may be repeated."""
        values: tuple[str, ...] = getattr(self, parameter)
        return values

    def with_values(self, parameter: str, values: Sequence[str]) -> Self:
        """The same filter with other values of a parameter that may be repeated."""
        changed: dict[str, Any] = {parameter: tuple(values)}
        return replace(self, **changed)

    def in_range(self, name: str, now: datetime) -> Self:
        """The same filter over a relative range, one of `ranges.RANGES`; `now` is aware."""
        return replace(self, range=name, start=None, end=None, period=ranges.relative(name, now))

    def parts(self, now: datetime | None = None) -> list[Part]:
        """What the filter consists of, in the order in which it is shown: a label each, and the filter without it.

        The zone is none of them, and the time range only if it is not the default one. `now` is aware (default: the
        clock): without its time range, a filter has the default one.

        >>> [part.label for part in EventFilter(agent=("ada",), outcome=("failure",), range="30d").parts()]
        ['Last 30 days', 'Failed', 'Agent ada']
        """
        return list(parts(self, now or datetime.now(UTC)))

    def sentence(self) -> str:
        """The filter in words: "failed Login events by support-7, last 7 days, Asia/Kolkata"."""
        return f"{self.subject()}, {sentence.when(self)}, {self.tz}"

    def subject(self, noun: str = "events") -> str:
        """The filter in words without its time: "failed Login events by support-7"."""
        return sentence.subject(self, noun)
