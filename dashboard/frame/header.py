"""The header of every page: the name of the product, the title, and how fresh the page is."""

import streamlit as st

from audit_store.ranges import zone
from dashboard import notices
from dashboard.frame import freshness, help_box
from dashboard.frame.freshness import Drawn, State
from dashboard.times import local

PRODUCT = "Audit log explorer"


def draw(title: str, tz: str, state: State | None) -> None:
    """Draw the header of a page; `state` is that of what it shows, None where the page follows the store by itself."""
    _draw(title, tz, freshness.begin(state))


@st.fragment(run_every=freshness.SECONDS)
def _draw(title: str, tz: str, drawn: Drawn) -> None:
    fresh = freshness.look(drawn)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="header"):
        st.title(title, anchor=False, width="content")
        st.caption(PRODUCT, width="content")
        st.space("stretch")
        st.caption(f"As of {local(fresh.as_of, zone(tz))[11:19]}", width="content")
        if drawn.state is not None:
            st.toggle(
                "Refresh",
                value=True,
                key=freshness.SWITCH,
                help="Draw this page again when the store has changed.",
                persist_state="session",
            )
        help_box.draw()
    if fresh.problem is not None:
        notices.line(f"Not refreshed, because the store cannot be read: {fresh.problem}")
