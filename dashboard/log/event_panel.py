"""The event beside the list: the way to its neighbours, and its details."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.filters import url_state
from dashboard.log import event_fields, paging
from dashboard.log.neighbours import Neighbour, Place


def draw(event: Mapping[str, Any], place: Place, pinned: paging.Pin, rows: int) -> None:
    """One row of `events`, all columns; `rows` is the length of a page of the list."""
    with st.container(border=True, key=f"details_{event['seq']}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            st.markdown("**Event details**", width="stretch")
            _step("Newer", ":material/arrow_upward:", "K", place.newer, pinned, rows)
            _step("Older", ":material/arrow_downward:", "J", place.older, pinned, rows)
            st.button(
                "Close",
                icon=":material/close:",
                type="tertiary",
                key=f"close_{event['seq']}",
                on_click=url_state.open_event,
                args=(None,),
                shortcut="Esc",
            )
        if place.rank is None:
            st.caption("This event is not among those of the list: the filters leave it out.")
        event_fields.draw(event, pinned.where)


def _step(label: str, icon: str, shortcut: str, to: Neighbour | None, pinned: paging.Pin, rows: int) -> None:
    st.button(
        label,
        icon=icon,
        type="tertiary",
        key=f"step_{label.lower()}",
        disabled=to is None,
        on_click=go,
        args=(to, pinned, rows),
        shortcut=shortcut,
    )


def go(to: Neighbour, pinned: paging.Pin, rows: int) -> None:
    """Open an event of the list, and the page that it is on."""
    url_state.open_event(to.event_id)
    paging.turn(to.rank // rows + 1, rows, pinned.where)
