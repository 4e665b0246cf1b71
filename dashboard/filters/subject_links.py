"""Links to the page about an agent, an address or a target, in the time range of the page that names it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlencode

import streamlit as st

from audit_store.filters import EventFilter
from dashboard import components
from dashboard.filters import page_links, url_state

PAGE = "agent"
KINDS = {"agent": "Agent", "source_ip": "Address", "target": "Target"}
"""The parameters that name a subject, with their labels."""
TRIGGER = "go"
"""What a component sends for a click on a link: the parameters in its URL."""


def parameters(kind: str, name: str, where: EventFilter) -> dict[str, list[str]]:
    """The URL parameters of the page about a subject: the time range of a filter, and nothing else of it."""
    everything = EventFilter(where.period, where.range, where.start, where.end, where.tz)
    return url_state.link(everything.with_values(kind, [name]))


def url(kind: str, name: Any, where: EventFilter) -> str | None:
    """The URL of the page about a subject; None without a name, for another kind, and for a network."""
    if kind not in KINDS or not isinstance(name, str) or not name:
        return None
    if kind == "source_ip" and "/" in name:
        return None
    path = [part for part in (st.get_option("server.baseUrlPath") or "").split("/") if part]
    return f"/{'/'.join([*path, PAGE])}?{urlencode(parameters(kind, name, where), doseq=True)}"


def urls(kind: str, names: Iterable[Any], where: EventFilter) -> list[str | None]:
    """The URL of each of these names, as `url`."""
    return [url(kind, name, where) for name in names]


def go(key: str) -> None:
    """Open the page whose link in a component was clicked."""
    match components.value(key, TRIGGER):
        case str(query):
            page_links.ask(PAGE, parse_qs(query.removeprefix("?")))
