"""The panel of an open event beside the list: its details, and buttons to the next events."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.filters import url_state
from dashboard.log import view
from dashboard.log.event import event_fields, related_views
from dashboard.log.neighbours import Neighbour, Position
from dashboard.log.pin import Pin
from dashboard.log.view import View
from dashboard.spikes import cards


def draw(event: Mapping[str, Any], position: Position, pinned: Pin, shown: View) -> None:
    """Draw one row of `events`, all columns, and the steps to those beside it in the list."""
    with st.container(border=True, key=f"details_{event['seq']}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.header("Event details", anchor=False, width="stretch")
            _step("Newer", ":material/arrow_upward:", "K", position.newer, pinned, shown.rows)
            _step("Older", ":material/arrow_downward:", "J", position.older, pinned, shown.rows)
            st.button(
                "Close",
                icon=":material/close:",
                type="tertiary",
                key=f"close_{event['seq']}",
                on_click=url_state.open_event,
                args=(None,),
                shortcut="Esc",
            )
        if not position.is_read:
            st.caption("The search has not reached this event.")
        elif position.rank is None:
            st.caption("This event is hidden by the current filters.")
        related_views.buttons(event, pinned.where)
        cards.event_alarm(event, pinned.where)
        event_fields.draw(event, pinned.where, shown, key="log_event")


def _step(label: str, icon: str, shortcut: str, event: Neighbour | None, pinned: Pin, rows: int) -> None:
    st.button(
        label,
        icon=icon,
        type="tertiary",
        key=f"step_{label.lower()}",
        disabled=event is None,
        on_click=go,
        args=(event, pinned, rows),
        shortcut=shortcut,
    )


def go(event: Neighbour, pinned: Pin, rows: int) -> None:
    """Open an event of the list, and the page that it is on."""
    url_state.open_event(event.event_id)
    view.put_page(event.rank // rows + 1, pinned.below)
