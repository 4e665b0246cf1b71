"""A filter in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit_store import ranges, week_hours
from audit_store.filters.fields import NO_OUTCOME, NO_VALUE, Selection
from audit_store.filters.values import to_text

if TYPE_CHECKING:
    from audit_store.filters.event_filter import EventFilter

OUTCOMES = {"success": "successful", "failure": "failed"}


def subject(where: "EventFilter", noun: str = "events") -> str:
    """A filter without its time: "failed Login events by support-7"."""
    outcomes = [OUTCOMES[outcome] for outcome in where.outcome if outcome != NO_OUTCOME]
    activities = _listed([to_text(value) for value in where.activity])
    words = " ".join(filter(None, (_listed(outcomes), activities, noun)))
    if NO_OUTCOME in where.outcome:
        words += f"{' and those' if outcomes else ''} with no outcome recorded"
    text = f' with "{where.q}"' if where.q else ""
    hours = f", {_listed([week_hours.words(value) for value in where.hours])}" if where.hours else ""
    selections = where.selections()
    return f"{words}{_included(selections)}{_excluded(selections)}{text}{hours}"


def when(where: "EventFilter") -> str:
    """The time range of a filter: "last 7 days"."""
    if where.range != "custom":
        return ranges.RANGES[where.range].lower()
    return f"{where.start or 'the beginning'} to {where.end or 'now'}"


def _included(selections: Sequence[Selection]) -> str:
    """What selects values, for each field that has words of its own: " by support-7"."""
    chosen = [selection for selection in selections if not selection.is_excluded and selection.field.phrase]
    return "".join(selection.field.phrase.format(_listed(names(selection))) for selection in chosen)


def _excluded(selections: Sequence[Selection]) -> str:
    """What leaves out values: ", not Login, not by support-7"."""
    return "".join(
        f", not {(selection.field.phrase or '{}').lstrip(', ').format(_listed(names(selection)))}"
        for selection in selections
        if selection.is_excluded
    )


def names(selection: Selection) -> list[str]:
    """The values of a field as words: "none" is "no source"."""
    field = selection.field
    return [
        f"no {field.label}" if field.can_be_missing and value == NO_VALUE else to_text(value)
        for value in selection.values
    ]


def _listed(words: Sequence[str]) -> str:
    if len(words) > 3:
        return f"{', '.join(words[:2])} and {len(words) - 2} others"
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
