"""What the list shows, in words, and its filters, each of which can be removed."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audit_store.filters import EventFilter
from dashboard.text import heading


def draw(where: EventFilter) -> DeltaGenerator:
    """Draw the sentence of a filter; returns the place beside it for the totals of the list."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="log_heading"):
        st.text(heading(where.sentence()), width="content")
        return st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")
