"""A filter in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit_store import ranges, week_hours
from audit_store.filters.fields import FIELDS, NO_OUTCOME, NO_VALUE, Field

if TYPE_CHECKING:
    from audit_store.filters.event_filter import EventFilter

OUTCOMES = {"success": "successful", "failure": "failed"}


def subject(where: "EventFilter", noun: str = "events") -> str:
    """A filter without its time: "failed Login events by support-7"."""
    outcomes = [OUTCOMES[outcome] for outcome in where.outcome if outcome != NO_OUTCOME]
    words = " ".join(filter(None, (_listed(outcomes), _listed(where.activity), noun)))
    if NO_OUTCOME in where.outcome:
        words += f"{' and those' if outcomes else ''} with no outcome recorded"
    text = f' with "{where.q}"' if where.q else ""
    hours = f", {_listed([week_hours.words(value) for value in where.hours])}" if where.hours else ""
    return f"{words}{_included(where)}{_excluded(where)}{text}{hours}"


def when(where: "EventFilter") -> str:
    """The time range of a filter: "last 7 days"."""
    if where.range != "custom":
        return ranges.RANGES[where.range].lower()
    return f"{where.start or 'the beginning'} to {where.end or 'now'}"


def _included(where: "EventFilter") -> str:
    """What selects values, for each field that has words of its own: " by support-7"."""
    selected = [(field, where.values(field.name)) for field in FIELDS if field.phrase]
    return "".join(field.phrase.format(_listed(names(field, values))) for field, values in selected if values)


def _excluded(where: "EventFilter") -> str:
    """What excludes values: ", not Login, not by support-7"."""
    excluded = [(field, where.values(f"not_{field.name}")) for field in FIELDS if field.can_be_excluded]
    return "".join(
        f", not {(field.phrase or '{}').lstrip(', ').format(_listed(names(field, values)))}"
        for field, values in excluded
        if values
    )


def names(field: Field, values: Sequence[str]) -> list[str]:
    """The values of a field as words: "none" is "no source"."""
    return [f"no {field.label}" if field.can_be_missing and value == NO_VALUE else value for value in values]


def _listed(words: Sequence[str]) -> str:
    if len(words) > 3:
        return f"{', '.join(words[:2])} and {len(words) - 2} others"
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
