"""How a line of text is taken apart into the fields of an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LINE_FIELDS = ("agent", "activity", "description", "outcome", "source_ip", "target")
"""The fields of an event that a line can give, apart from its time."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a message means: the numbers of the groups of `pattern` by event field, and fixed values."""

    pattern: str
    groups: Mapping[str, int]
    constants: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LineShape:
    """A frame of named groups, then the first rule that fits the message.

    `groups` names the groups of `pattern` in order. `fields` gives, for an event field, the groups whose first
    non-empty one is its value where no rule gives one; for the fields in `fixed` no rule is asked. `message` lists
    the groups that may hold the message, `keep` and `numbers` those that the metadata keeps as text and as integers.
    `repeats` is the group that says for how many events a line stands; "" where each stands for one. A line that
    begins with one of the characters of `continuation` (ASCII) continues the line before it.
    """

    pattern: str
    groups: Sequence[str]
    message: Sequence[str]
    fields: Mapping[str, tuple[str, ...]]
    fixed: frozenset[str]
    rules: Sequence[Rule]
    keep: Sequence[str]
    numbers: Sequence[str]
    repeats: str = ""
    continuation: str = ""
