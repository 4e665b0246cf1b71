"""What the list shows, in words, and its filters, each of which can be removed."""

from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audit_store.filters import EventFilter, Part
from dashboard import components
from dashboard.filters import subject_links, url_state
from dashboard.text import heading, shown

KEY = "log_filters"


def draw(where: EventFilter) -> DeltaGenerator:
    """Draw the sentence of a filter and its parts; returns the place for the totals of the list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="log_heading"):
        st.text(heading(where.sentence()), width="content")
        totals = st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")
    parts = where.parts()
    # Always drawn, so that nothing below moves when the first filter is set.
    components.draw(
        "filter_pills",
        {
            "pills": [
                {
                    "label": shown(part.label),
                    "href": subject_links.url(part.parameter.removeprefix("not_"), part.value, where),
                }
                for part in parts
            ]
        },
        key=KEY,
        on={"remove": partial(_remove, parts), subject_links.TRIGGER: partial(subject_links.go, KEY)},
    )
    return totals


def _remove(parts: Sequence[Part]) -> None:
    match components.value(KEY, "remove"):
        case int(number) if 0 <= number < len(parts):
            url_state.go(url_state.link(parts[number].without))
