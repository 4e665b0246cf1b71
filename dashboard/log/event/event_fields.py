"""The fields and the metadata of one event, a line each, with actions on the value of a line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from audit_store.filters import EventFilter, field_of
from audit_store.quantities import counted
from dashboard import active_catalogue, components
from dashboard.filters import subject_links, url_state
from dashboard.log import view
from dashboard.log.event import metadata_tree, related_views
from dashboard.log.event_list import columns
from dashboard.log.event_list.metadata_values import load
from dashboard.log.view import View
from dashboard.text import pretty_json, shown
from dashboard.times import local

_LONGEST_VALUE = 8192


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the details: the name and the label of a value, and its text ("–" where there is none).

    `parameter` is the filter on the field, and `value` what it compares with; "" where nothing can be filtered.
    `href` is the page about an agent, address or target.
    """

    name: str
    label: str
    text: str
    parameter: str = ""
    value: str = ""
    depth: int = 0
    href: str | None = None

    @property
    def actions(self) -> list[str]:
        """What the line offers: `only` and `not` filter by its value, `column` shows it in the list."""
        field = field_of(self.parameter)
        if field is None or not self.value:
            return []
        return ["only", *(["not"] if field.can_be_excluded else []), *(["column"] if field.path else [])]


def draw(event: Mapping[str, Any], where: EventFilter, shown_view: View, *, key: str) -> None:
    """Draw one row of `events`, all columns, with times in the zone of `where` and in UTC.

    `key` is another one for each event that is drawn at the same time.
    """
    metadata = load(event["metadata"])
    fields = list(_fields(event, where))
    all_lines = list(_of_metadata(metadata))
    lines = all_lines[: metadata_tree.MOST_LINES]
    hidden = len(all_lines) - len(lines)
    components.draw(
        "event_tree",
        {
            "fields": _sent(fields, 0),
            "metadata": _sent(lines, len(fields)),
            "changes": [
                {"label": shown(change.path), "before": shown(change.before), "after": shown(change.after)}
                for change in metadata_tree.changes(metadata, active_catalogue.activities().changes)
            ][: metadata_tree.MOST_LINES],
            "more": f"{counted(hidden, 'more value')}; all are in the text below." if hidden else "",
            "source": pretty_json(event["metadata"]) if metadata else "",
            "find": where.q,
            "tz": where.tz,
        },
        key=key,
        on={
            "act": partial(_act, key, [*fields, *lines], where, shown_view),
            subject_links.TRIGGER: partial(subject_links.go, key),
        },
    )


def _sent(lines: Sequence[Line], first: int) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "name": line.name,
            "label": line.label,
            "value": line.text,
            "depth": line.depth,
            "actions": line.actions,
            "copy": line.name == "event_id",
            "href": line.href,
        }
        for number, line in enumerate(lines, first)
    ]


def _fields(event: Mapping[str, Any], where: EventFilter) -> Iterator[Line]:
    occurred, zone = event["occurred_at"].to_pydatetime(), where.zone
    yield Line("time", "Time", local(occurred, zone, exact=True))
    yield Line("utc", "UTC", f"{occurred.isoformat(sep=' ', timespec='microseconds')}")
    yield _filtered("agent", "Agent", event["agent"], where)
    category = active_catalogue.activities().category(event["activity"])
    activity = _filtered("activity", "Activity", event["activity"], where)
    yield replace(activity, text=f"{activity.text} ({category})")
    for name, label in (("outcome", "Outcome"), ("description", "Description"), ("target", "Target")):
        yield _filtered(name, label, event[name], where)
    yield _filtered("source_ip", "Address", event["source_ip"], where)
    yield _filtered("source", "Source", event["source"], where)
    yield Line("recorded_at", "Recorded", local(event["recorded_at"].to_pydatetime(), zone, exact=True))
    yield Line("seq", "Position", f"{event['seq']:,}")
    yield Line("event_id", "Event id", str(event["event_id"]))


def _filtered(name: str, label: str, value: Any, where: EventFilter) -> Line:
    text = value if isinstance(value, str) else ""
    return Line(name, label, shown(text) or "–", name, text, href=subject_links.url(name, text, where))


def _of_metadata(metadata: Mapping[str, Any]) -> Iterator[Line]:
    for line in metadata_tree.lines(metadata):
        key = shown(line.key)
        if line.value is None:
            yield Line("metadata", key, "", depth=line.depth)
        else:
            text = shown(line.value, most=_LONGEST_VALUE)
            yield Line("metadata", key, text, line.name, line.compared, line.depth)


def _act(key: str, lines: Sequence[Line], where: EventFilter, shown_view: View) -> None:
    """Do what a click on a line's action asks for."""
    match components.value(key, "act"):
        case [str(action), int(number)] if 0 <= number < len(lines) and action in lines[number].actions:
            line = lines[number]
            if action == "only":
                url_state.change(**{line.parameter: line.value})
            elif action == "not":
                related_views.exclude(line.parameter, line.value, where)
            else:
                view.put_columns(columns.parse([*shown_view.columns, line.parameter])[0])
