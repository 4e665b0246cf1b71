"""The parts of a filter, each of which can be removed alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from audit_store import ranges, week_hours
from audit_store.filters.fields import NO_VALUE, Selection
from audit_store.filters.sentence import names, when
from audit_store.filters.values import Value

if TYPE_CHECKING:
    from audit_store.filters.event_filter import EventFilter

_OUTCOMES = {"success": "Successful", "failure": "Failed", "none": "No outcome"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a filter: a short label, which may hold text of the log, and the filter without the part.

    `parameter` and `value` are those of a value of a field; "" for a time range and a text.
    """

    label: str
    without: "EventFilter"
    parameter: str = ""
    value: Value = ""


def parts(where: "EventFilter", now: datetime) -> Iterator[Part]:
    """The parts of a filter in the order in which they are shown; `now` is aware.

    The time range is one of them unless it is the default one. Each value of a field is a part.
    """
    if where.range != ranges.DEFAULT_RANGE:
        yield Part(_sentence_case(when(where)), where.in_range(ranges.DEFAULT_RANGE, now))
    for selection in where.selections():
        for value in selection.values:
            others = [other for other in selection.values if other != value]
            label = _label(selection._replace(values=(value,)))
            without = where.with_values(selection.parameter, others)
            yield Part(label, without, selection.parameter, value)
    if where.q:
        yield Part(f'Text "{where.q}"', replace(where, q=""))


def _label(selection: Selection) -> str:
    """The label of a selection of one value: "Agent support-7", "Not Login", "Failed"."""
    field, [value] = selection.field, selection.values
    if field.name == "outcome":
        return _OUTCOMES[str(value)]
    if field.name == "hours":
        return _sentence_case(week_hours.words(str(value)))
    [name] = names(selection)
    is_missing = field.can_be_missing and value == NO_VALUE
    label = name if is_missing else f"{field.label} {name}".strip()
    if selection.is_excluded:
        return f"Not {label}"
    return (
        _sentence_case(label) if label.startswith((field.label or "\n", "no ")) and not field.path else label
    )


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
