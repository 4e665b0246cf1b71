"""EventFilter: which events a viewer wants, as a value, as URL parameters and as a sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from audit_store import ranges
from audit_store.errors import InvalidFilter
from audit_store.filters import sentence
from audit_store.filters.fields import FIELDS, LISTS, Selection, field_of, text_of
from audit_store.filters.parameters import Parameters
from audit_store.filters.parts import Part, parts
from audit_store.filters.values import Value
from audit_store.ranges import Period


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a viewer wants.

    The fields are named like the URL parameters; empty tuples mean "all". `period` is what `range` meant
    when the filter was made, in UTC; `start` and `end` are the texts of a custom range, in the zone `tz`.
    A value is a name, taken literally, or a Pattern; an address may be a network such as 203.0.113.0/24, too.
    The source "none" is that of the events without one; `hours` holds some of `audit_store.week_hours.CHOICES`.
    `metadata` has a selection for each parameter such as `meta.user.role`; `with_values` makes it.
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
    activity: tuple[Value, ...] = ()
    agent: tuple[Value, ...] = ()
    outcome: tuple[str, ...] = ()
    not_activity: tuple[Value, ...] = ()
    not_agent: tuple[Value, ...] = ()
    q: str = ""
    source: tuple[Value, ...] = ()
    not_source: tuple[Value, ...] = ()
    hours: tuple[str, ...] = ()
    source_ip: tuple[Value, ...] = ()
    not_source_ip: tuple[Value, ...] = ()
    target: tuple[Value, ...] = ()
    not_target: tuple[Value, ...] = ()
    metadata: tuple[Selection, ...] = ()
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
        where = cls(
            period=period,
            range=chosen,
            start=bounds.last("from") or None,
            end=bounds.last("to") or None,
            tz=zone.key,
            q=values.search(),
        )
        for parameter, chosen_values in values.lists().items():
            where = where.with_values(parameter, chosen_values)
        return where, values.notices

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which days and hours are cut."""
        return ZoneInfo(self.tz)

    def parameters(self) -> dict[str, list[str]]:
        """The filter as URL parameters: values at their default are left out, the zone is always named."""
        values = {
            "range": self.range if self.range != ranges.DEFAULT_RANGE else "",
            "from": self.start or "",
            "to": self.end or "",
            "tz": self.tz,
            "q": self.q,
        }
        lists = {parameter: self.values(parameter) for parameter in LISTS}
        lists |= {selection.parameter: selection.values for selection in self.metadata}
        return {name: [text] for name, text in values.items() if text} | {
            name: [text_of(name, value) for value in values] for name, values in lists.items() if values
        }

    def without(self, *names: str) -> Self:
        """The filter with these parameters at their default: what the counts of a facet are taken over."""
        where = replace(self, q="") if "q" in names else self
        for name in names:
            where = where if name == "q" else where.with_values(name, ())
        return where

    def selections(self) -> list[Selection]:
        """What the filter selects and leaves out, field by field, in the order in which it is shown."""
        columns = [
            Selection(field, bool(position), self.values(parameter))
            for field in FIELDS
            for position, parameter in enumerate(field.parameters)
        ]
        return [selection for selection in (*columns, *self.metadata) if selection.values]

    def values(self, parameter: str) -> tuple[Value, ...]:
        """The values of a parameter that may be repeated."""
        if parameter in LISTS:
            values: tuple[Value, ...] = getattr(self, parameter)
            return values
        return next((other.values for other in self.metadata if other.parameter == parameter), ())

    def with_values(self, parameter: str, values: Iterable[Value]) -> Self:
        """The same filter with other values of a parameter that may be repeated.

        >>> EventFilter().with_values("meta.user.role", ["admin"]).sentence()
        'events, user.role admin, all time, UTC'
        """
        if parameter in LISTS:
            changed: dict[str, Any] = {parameter: tuple(values)}
            return replace(self, **changed)
        field = field_of(parameter)
        if field is None:
            raise ValueError(f"{parameter!r} is not a parameter that may be repeated")
        selection = Selection(field, parameter.startswith("not_"), tuple(values))
        others = {other.parameter: other for other in self.metadata} | {selection.parameter: selection}
        return replace(self, metadata=tuple(other for other in others.values() if other.values))

    def before(self) -> Self | None:
        """The filter over the period of the same length before; None for an open range."""
        period = self.period.before
        return None if period is None else replace(self, period=period)

    def in_range(self, name: str, now: datetime) -> Self:
        """The same filter over a relative range, one of `ranges.RANGES`; `now` is aware."""
        return replace(self, range=name, start=None, end=None, period=ranges.relative(name, now, self.zone))

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
