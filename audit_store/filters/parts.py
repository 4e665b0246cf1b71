"""The parts of a filter, each of which can be removed alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from audit_store import ranges, week_hours
from audit_store.filters.fields import FIELDS, Field
from audit_store.filters.sentence import names, when

if TYPE_CHECKING:
    from audit_store.filters.event_filter import EventFilter

_OUTCOMES = {"success": "Successful", "failure": "Failed", "none": "No outcome"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a filter: a short label, which may hold text of the log, and the filter without the part."""

    label: str
    without: "EventFilter"


def parts(where: "EventFilter", now: datetime) -> Iterator[Part]:
    """The parts of a filter in the order in which they are shown; `now` is aware.

    The time range is one of them unless it is the default one. Each value of a field is a part.
    """
    if where.range != ranges.DEFAULT_RANGE:
        text = when(where)
        yield Part(text[:1].upper() + text[1:], where.in_range(ranges.DEFAULT_RANGE, now))
    for field in FIELDS:
        for parameter in field.parameters:
            for value in where.values(parameter):
                others = [other for other in where.values(parameter) if other != value]
                yield Part(_label(field, parameter, value), where.with_values(parameter, others))
    if where.q:
        yield Part(f'Text "{where.q}"', replace(where, q=""))


def _label(field: Field, parameter: str, value: str) -> str:
    """The label of a value: "Agent support-7", "Not Login", "Failed"."""
    if field.name == "outcome":
        return _OUTCOMES[value]
    if field.name == "hours":
        words = week_hours.words(value)
        return words[:1].upper() + words[1:]
    [name] = names(field, [value])
    label = f"{field.label} {name}" if field.label and name == value else name
    label = f"not {label}" if parameter != field.name else label
    return label[:1].upper() + label[1:] if label != value else label
