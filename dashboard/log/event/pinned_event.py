"""The event that a viewer has pinned: it stays beside the list, above the opened one, while others are opened."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from audit_store.filters import EventFilter
from dashboard import data, notices
from dashboard.filters import url_state
from dashboard.log.event import event_fields
from dashboard.log.view import View


def read() -> list[dict[Any, Any]]:
    """The rows of `events` with the id in the URL, one for each source; none where it is the opened event."""
    event_id = url_state.pinned_event()
    if event_id is None or event_id == url_state.opened_event():
        return []
    events = data.event(event_id).to_dict("records")
    if not events:
        notices.line(f"pin={event_id} was ignored: no event has this id")
    return events


def draw(event: Mapping[str, Any], where: EventFilter, shown: View) -> None:
    """Draw one of them."""
    with st.container(border=True, key=f"pinned_{event['seq']}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.header("Pinned event", anchor=False, width="stretch")
            st.button(
                "Open",
                icon=":material/open_in_full:",
                type="tertiary",
                key=f"open_pinned_{event['seq']}",
                on_click=url_state.open_event,
                args=(str(event["event_id"]),),
            )
            st.button(
                "Unpin",
                icon=":material/keep_off:",
                type="tertiary",
                key=f"unpin_{event['seq']}",
                on_click=url_state.pin_event,
                args=(None,),
            )
        event_fields.draw(event, where, shown, key=f"pinned_tree_{event['seq']}")
