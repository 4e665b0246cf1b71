"""How fresh the log is: the age of the newest event, and sources that have fallen silent."""

import streamlit as st

from audit_store.filters import EventFilter
from audit_store.local_time import now
from audit_store.quantities import counted
from dashboard import data, faults
from dashboard.spikes import cards
from dashboard.text import shown
from dashboard.times import age


def draw(where: EventFilter) -> None:
    """Draw the age of the newest event of the whole store, and a menu of the silent sources."""
    [extent] = data.frames(data.queries().extent())
    newest = extent["last"].iloc[0].to_pydatetime()
    with st.container(horizontal=True, gap="small", vertical_alignment="center", width="content"):
        st.caption(f"Newest event of the whole log {age(newest, now())}", width="content")
        if silent := faults.silent_sources():
            with st.popover(f"{counted(len(silent), 'source')} silent", type="tertiary", key="log_silent"):
                for record in silent.values():
                    st.text(shown(record.sentence))
                    cards.alarm_link(record, where)


def newer_button(newer: int) -> bool:
    """Draw a button that shows newer events; returns whether it was clicked."""
    return st.button(f"Show {counted(newer, 'new event')}", icon=":material/arrow_upward:", type="primary")
