"""Paths into a record: `$.user.name`, `$.users[0].name`, `$.users[*].name`, `$.parameters[name=id].value`, `^.user`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from audit_store.errors import InvalidFormat

ORDINAL: Final = "#"
"""The candidate that gives the number of an event within its record, from 1."""

_ROOT = re.compile(r"\$|\^+")
_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]"]+) | \."(?P<quoted>[^"]*)" | \["(?P<bracketed>[^"]*)"\] | \[(?P<index>\d+)\]
    | (?P<every>\[\*\]) | \[(?P<key>[^=\[\]"]+)=(?P<value>[^\]]*)\]""",
    re.VERBOSE,
)


class Record(dict[str, Any]):
    """An event's record, which knows the record that it is a part of, and its number there ("" outside of any)."""

    __slots__ = ("ordinal", "parent")

    def __init__(self, values: Mapping[str, Any], parent: Mapping[str, Any], ordinal: str) -> None:
        super().__init__(values)
        self.parent, self.ordinal = parent, ordinal


class Every(NamedTuple):
    """A step to the first element of an array that has a value at the rest of the path.

    With a `key`, only the elements count whose key has this `value`.
    """

    key: str = ""
    value: str = ""

    def fits(self, element: Any) -> bool:
        """Whether an element counts."""
        return not self.key or (isinstance(element, dict) and scalar(element.get(self.key)) == self.value)


Step = str | int | Every


@dataclass(frozen=True, slots=True)
class Path:
    """A path: how many records up it begins, and its steps from there."""

    up: int
    steps: tuple[Step, ...]
    dotted: str = ""

    def within(self, record: Mapping[str, Any]) -> Any:
        """The value there, or None. A record that is no part of another one stands for its parent, too.

        The path $.user.name also leads to a key "user.name".
        """
        for _ in range(self.up):
            record = getattr(record, "parent", record)
        value = _descend(record, self.steps, 0)
        return record.get(self.dotted) if value is None and self.dotted else value


def is_path(candidate: str) -> bool:
    """Whether a candidate is a path into the record rather than one of its keys."""
    return candidate.startswith(("$.", "$[", "^"))


@cache
def path_of(text: str) -> Path:
    """The path in a text. Raises InvalidFormat."""
    root = _ROOT.match(text)
    position, steps = (root.end() if root else 0), []
    while root and position < len(text):
        if not (step := _STEP.match(text, position)):
            break
        steps.append(_step(step))
        position = step.end()
    if not root or position < len(text):
        raise InvalidFormat(
            f"invalid path {text!r}; write it like $.user.name, $.users[0].name or $.users[*].name"
        )
    names = [step for step in steps if isinstance(step, str)]
    dotted = ".".join(names) if 1 < len(names) == len(steps) else ""
    return Path(len(root[0]) if root[0] != "$" else 0, tuple(steps), dotted)


def value_at(record: Mapping[str, Any], candidate: str) -> Any:
    """The value of a key or at a path of a record, or None."""
    if is_path(candidate):
        return path_of(candidate).within(record)
    if candidate == ORDINAL:
        return getattr(record, "ordinal", None) or record.get(candidate)
    return record.get(candidate)


def first_key(candidate: str) -> str:
    """The key of the record under which a plain candidate begins; "" for a template and for a parent's value."""
    if "{" in candidate or candidate.startswith("^"):
        return ""
    if not is_path(candidate):
        return candidate
    first = path_of(candidate).steps[0]
    return first if isinstance(first, str) else ""


def scalar(value: object) -> str | None:
    """A text, number or boolean as text; None for "" and any other value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return value if isinstance(value, str) and value else None


def _step(match: re.Match[str]) -> Step:
    groups = match.groupdict()
    if groups["index"]:
        return int(groups["index"])
    if groups["every"] or groups["key"]:
        return Every(groups["key"] or "", groups["value"] or "")
    return str(groups["name"] or groups["quoted"] or groups["bracketed"] or "")


def _descend(value: Any, steps: Sequence[Step], start: int) -> Any:
    for position in range(start, len(steps)):
        step = steps[position]
        if isinstance(step, Every):
            elements = (element for element in _elements(value) if step.fits(element))
            values = (_descend(element, steps, position + 1) for element in elements)
            return next((below for below in values if below not in (None, "")), None)
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _elements(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
