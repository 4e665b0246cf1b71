"""The values of URL parameters, and a notice for each that cannot be used."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from audit_store import ranges
from audit_store.errors import InvalidFilter
from audit_store.filters import addresses
from audit_store.filters.fields import Field, field_of
from audit_store.filters.values import Value, parse
from audit_store.ranges import Period

Q_MAX = 200
"""The most characters of a search."""
_INVALID_UNICODE = "unpaired surrogate; text must be valid Unicode"


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
                self.ignore(name, value, _INVALID_UNICODE)
        return valid

    def ignore(self, name: str, value: str, allowed: str) -> None:
        """Note that a value is not used."""
        self.notices.append(InvalidFilter(name, value, allowed))

    def last(self, name: str) -> str:
        """The last value of a parameter that takes one."""
        return (self.values(name) or [""])[-1]

    def lists(self) -> dict[str, tuple[Value, ...]]:
        """The values that are allowed of each parameter that may be repeated, each once."""
        lists: dict[str, dict[Value, None]] = {}
        for name in self._parameters:
            if (field := self._field(name)) is not None:
                parameter = field.parameters[name.startswith("not_")]
                lists.setdefault(parameter, {}).update(dict.fromkeys(self._allowed(field, name)))
        return {parameter: tuple(values) for parameter, values in lists.items() if values}

    def _field(self, name: str) -> Field | None:
        try:
            name.encode()
        except UnicodeEncodeError:
            self.ignore(name, "", _INVALID_UNICODE)
            return None
        return field_of(name)

    def _allowed(self, field: Field, name: str) -> Iterator[Value]:
        for text in self.values(name):
            if field.choices:
                if text in field.choices:
                    yield text
                else:
                    self.ignore(name, text, field.allowed)
            elif field.name == "source_ip" and addresses.is_wrong(text):
                self.ignore(name, text, addresses.ALLOWED)
            else:
                yield parse(text)

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
        if name == "custom":
            custom, notices = ranges.custom(bounds["from"], bounds["to"], zone)
            self.notices += notices
            return (name, custom) if custom else self._default_period(now)
        try:
            period = ranges.relative(name, now, zone)
        except InvalidFilter as notice:
            self.notices.append(notice)
            return self._default_period(now)
        for bound, text in bounds.items():
            if text:
                self.ignore(bound, text, "it needs range=custom")
        return name, period

    def _default_period(self, now: datetime) -> tuple[str, Period]:
        return ranges.DEFAULT_RANGE, ranges.relative(ranges.DEFAULT_RANGE, now)
