"""The details of one event: its fields, its alarm, its metadata, and the views it leads to."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from audit_store.filters import EventFilter
from dashboard import active_catalogue
from dashboard.filters import url_state
from dashboard.log import related_views
from dashboard.log.search_hits import matched_in
from dashboard.spikes import cards
from dashboard.text import pretty_json, shown
from dashboard.times import local


def draw(event: Mapping[str, Any], where: EventFilter) -> None:
    """Draw one row of `events`, with times in the zone of `where` and in UTC."""
    pairs(_fields(event, where.zone))
    if matches := matched_in(event, where.q):
        pairs([("Matched in", ", ".join(matches))])
    cards.event_alarm(event, where)
    st.caption("Event id")
    st.code(str(event["event_id"]), language=None, wrap_lines=True)
    if event["metadata"] != "{}":
        st.caption("Metadata")
        st.code(pretty_json(event["metadata"]), language="json", wrap_lines=True, height=240)
    with st.container(horizontal=True, gap="small"):
        for name in ("agent", "activity"):
            _filter_buttons(name, event, where)
    related_views.buttons(event, where)


def _filter_buttons(name: str, event: Mapping[str, Any], where: EventFilter) -> None:
    st.button(
        f"Only this {name}",
        icon=":material/filter_alt:",
        key=f"only_{name}_{event['seq']}",
        on_click=url_state.change,
        kwargs={name: event[name]},
    )
    st.button(
        f"Not this {name}",
        icon=":material/block:",
        key=f"not_{name}_{event['seq']}",
        on_click=related_views.exclude,
        args=(name, event[name], where),
    )


def pairs(fields: Iterable[tuple[str, str]]) -> None:
    """Draw labels and values, one pair a line; values are plain text."""
    with st.container(gap="xxsmall"):
        for label, value in fields:
            left, right = st.columns([1, 3], gap="small", wrap=False)
            left.caption(label)
            right.text(value)


def _fields(event: Mapping[str, Any], zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    occurred = event["occurred_at"].to_pydatetime()
    yield "Time", local(occurred, zone, exact=True)
    yield "UTC", f"{occurred.isoformat(sep=' ', timespec='microseconds')}"
    yield "Agent", shown(event["agent"])
    yield (
        "Activity",
        f"{shown(event['activity'])} ({active_catalogue.activities().category(event['activity'])})",
    )
    for label, name in (("Outcome", "outcome"), ("Description", "description"), ("Target", "target")):
        yield label, _or_dash(event[name])
    yield "Address", _or_dash(event["source_ip"])
    yield "Source", _or_dash(event["source"])
    yield "Recorded", local(event["recorded_at"].to_pydatetime(), zone, exact=True)
    yield "Position", f"{event['seq']:,}"


def _or_dash(value: Any) -> str:
    return shown(value) if isinstance(value, str) and value else "–"
