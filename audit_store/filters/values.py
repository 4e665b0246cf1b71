"""The values of a filter: a name, or a pattern with an asterisk at one end or both.

A value of a URL is read as a pattern if an asterisk is at its start or end. For an asterisk that belongs to a name,
a backslash is before it; backslashes before such an asterisk are doubled.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_START = re.compile(r"(\\*)\*")
_END = re.compile(r"(\\*)\*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Every text that contains `text`; at its start and end, unless `before` or `after` allows more there.

    The pattern without a text matches every text that is not empty.
    """

    text: str
    before: bool = False
    after: bool = False

    def __str__(self) -> str:
        return to_text(self)

    def matches(self, text: str) -> bool:
        """Whether a text has the pattern; case matters."""
        if not self.text:
            return bool(text)
        if self.before and self.after:
            return self.text in text
        return text.endswith(self.text) if self.before else text.startswith(self.text)


Value = str | Pattern


def parse(text: str) -> Value:
    """The value that a text of a URL stands for.

    >>> parse("support-7"), parse("support-*"), parse(r"support-\\*")
    ('support-7', Pattern(text='support-', before=False, after=True), 'support-*')
    """
    start, end = _START.match(text), _END.search(text)
    if end is not None and end.start() == 0:
        start = None  # one asterisk, which is at the end
    before, after = start is not None and not start[1], end is not None and len(end[1]) % 2 == 0
    if end is not None:
        text = text[: end.start()] + "\\" * (len(end[1]) // 2) + ("" if after else "*")
    if start is not None:
        text = text[1:] if before else "\\" * (len(start[1]) // 2) + text[len(start[1]) :]
    if not before and not after:
        return text
    return Pattern(text, before, after) if text else Pattern("", before=True, after=True)


def to_text(value: Value) -> str:
    """A value as a URL has it, which `parse` reads as the same value.

    >>> to_text("support-*"), to_text(Pattern("support-", after=True))
    ('support-\\\\*', 'support-*')
    """
    if isinstance(value, str):
        end = _END.search(value)
        text = value if end is None else f"{value[: end.start()]}{end[1] * 2}\\*"
        return text if end is not None and end.start() == 0 else _start_escaped(text)
    if not value.text:
        return "*"
    text = value.text if value.before else _start_escaped(value.text)
    backslashes = len(value.text) - len(value.text.rstrip("\\"))
    end_of_text = _END.search(value.text)
    if value.after:
        text = text + "\\" * backslashes + "*"
    elif end_of_text is not None:
        text = f"{text[: len(text) - len(end_of_text[0])]}{end_of_text[1] * 2}\\*"
    return f"*{text}" if value.before else text


def matches(values: Iterable[Value], text: str) -> bool:
    """Whether a text is one of the values, or has one of the patterns."""
    return any(value == text if isinstance(value, str) else value.matches(text) for value in values)


def _start_escaped(text: str) -> str:
    start = _START.match(text)
    return text if start is None else f"{start[1] * 2}\\{text[len(start[1]) :]}"
