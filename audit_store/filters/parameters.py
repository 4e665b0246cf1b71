"""The values of URL parameters, and a notice for each that cannot be used."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from audit_store import ranges
from audit_store.errors import InvalidFilter
from audit_store.filters.fields import Field
from audit_store.ranges import Period

Q_MAX = 200
"""The most characters of a search."""


class Parameters:
    """The values of URL parameters. One that cannot be used becomes a notice; an empty one counts as missing."""

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

    def of_field(self, field: Field, name: str) -> tuple[str, ...]:
        """The values of a parameter of a field that are allowed, each once."""
        values = self.distinct(name)
        for value in values:
            if field.choices and value not in field.choices:
                self.ignore(name, value, field.allowed)
        return tuple(value for value in values if not field.choices or value in field.choices)

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
