"""Views that an event leads to: its agent around it, and each of what it shares with others alone."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from audit_store.filters import EventFilter, text_of
from dashboard import active_catalogue
from dashboard.filters import url_state
from dashboard.log.event_list import metadata_values

AROUND = timedelta(minutes=15)
_PERIOD = ("range", "from", "to", "tz")
_SAME = (
    ("This agent", ":material/person:", "agent"),
    ("Same address", ":material/lan:", "source_ip"),
    ("This target", ":material/target:", "target"),
    ("Same activity", ":material/category:", "activity"),
)


def buttons(event: Mapping[str, Any], where: EventFilter) -> None:
    """Draw a button for each view, and one that keeps the event beside the list."""
    with st.container(horizontal=True, gap="xsmall"):
        for label, icon, parameters in views(event, where):
            st.button(
                label,
                icon=icon,
                key=f"{label}_{event['seq']}",
                on_click=url_state.go,
                args=(parameters,),
            )
        _pin(str(event["event_id"]))


def _pin(event_id: str) -> None:
    is_pinned = url_state.pinned_event() == event_id
    st.button(
        "Unpin" if is_pinned else "Pin",
        icon=":material/keep_off:" if is_pinned else ":material/push_pin:",
        key="pin_event",
        help="Keep this event beside the list while others are opened.",
        on_click=url_state.pin_event,
        args=(None if is_pinned else event_id,),
    )


def views(event: Mapping[str, Any], where: EventFilter) -> list[tuple[str, str, dict[str, list[str]]]]:
    """Label, icon and URL parameters of each view; the time range is that of `where` unless the view has its own."""
    same = {name: values for name, values in url_state.link(where).items() if name in _PERIOD}
    minutes = AROUND // timedelta(minutes=1)
    around = {"tz": same["tz"]} if "tz" in same else {}
    around |= {"range": ["custom"], "agent": [text_of("agent", event["agent"])]} | _around(
        event["occurred_at"], where
    )
    related = [(f"This agent ± {minutes} minutes", ":material/schedule:", around)]
    for label, icon, field in _SAME:
        if isinstance(value := event[field], str) and value:
            related.append((label, icon, same | {field: [text_of(field, value)]}))
    return [*related, *(_shared(event["metadata"], same))]


def _shared(metadata: str, same: dict[str, list[str]]) -> Iterator[tuple[str, str, dict[str, list[str]]]]:
    """The events of one request, and of one session, by the first path of the catalogue that the metadata has."""
    catalogue = active_catalogue.activities()
    for label, icon, paths in (
        ("Same request", ":material/link:", catalogue.request),
        ("Same session", ":material/key:", catalogue.session),
    ):
        if value := metadata_values.first_of(metadata, paths):
            yield label, icon, same | {value[0]: [text_of(*value)]}


def _around(moment: datetime, where: EventFilter) -> dict[str, list[str]]:
    """Whole minutes with their offset: without it, a local time is ambiguous when clocks are set back."""
    bounds = (moment - AROUND, moment + AROUND + timedelta(minutes=1))
    texts = [
        bound.replace(tzinfo=UTC, second=0, microsecond=0)
        .astimezone(where.zone)
        .isoformat(timespec="minutes")
        for bound in bounds
    ]
    return {"from": [texts[0]], "to": [texts[1]]}


def exclude(name: str, value: str, where: EventFilter) -> None:
    """Exclude a value of a field, and remove it from the selected ones."""
    selected, excluded = where.values(name), where.values(f"not_{name}")
    url_state.change(
        **{
            name: [other for other in selected if other != value],
            f"not_{name}": [*excluded, *([value] if value not in excluded else [])],
        }
    )
