"""What a record must be like for a rule of its format to apply."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.formats.paths import scalar, value_at

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of the value of a key or path; it holds if the value exists and passes each test that is not None.

    `at_least` and `below` need a number, or a text that is one. With `missing`, it holds where there is no value.
    """

    path: str
    equals: frozenset[str] | None = None
    not_equals: frozenset[str] | None = None
    prefixes: tuple[str, ...] | None = None
    pattern: re.Pattern[str] | None = None
    at_least: float | None = None
    below: float | None = None
    missing: bool = False

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Whether it holds for a record."""
        value = value_at(record, self.path)
        if isinstance(value, list | dict) and value and self._is_of_existence:
            return not self.missing
        text = scalar(value)
        if text is None or self.missing:
            return self.missing and text is None
        return self._fits_text(text) and self._fits_number(text)

    @property
    def _is_of_existence(self) -> bool:
        tests = (self.equals, self.not_equals, self.prefixes, self.pattern, self.at_least, self.below)
        return all(test is None for test in tests)

    def _fits_text(self, text: str) -> bool:
        return (
            (self.equals is None or text in self.equals)
            and (self.not_equals is None or text not in self.not_equals)
            and (self.prefixes is None or text.startswith(self.prefixes))
            and (self.pattern is None or self.pattern.search(text) is not None)
        )

    def _fits_number(self, text: str) -> bool:
        if self.at_least is None and self.below is None:
            return True
        if not _NUMBER.fullmatch(text):
            return False
        number = float(text)
        return (self.at_least is None or number >= self.at_least) and (
            self.below is None or number < self.below
        )


@dataclass(frozen=True, slots=True)
class When:
    """Where all conditions hold, the fields in `values` are set; "" is "not given"."""

    conditions: tuple[Condition, ...]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Skip:
    """Where all conditions hold, a record is no event, for this reason."""

    conditions: tuple[Condition, ...]
    reason: str


def all_hold(conditions: tuple[Condition, ...], record: Mapping[str, Any]) -> bool:
    """Whether all conditions hold for a record."""
    return all(condition.holds(record) for condition in conditions)
