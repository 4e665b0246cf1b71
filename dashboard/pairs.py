"""Labels and values, one pair a line."""

from collections.abc import Iterable

import streamlit as st


def pairs(fields: Iterable[tuple[str, str]]) -> None:
    """Draw labels and values; values are plain text."""
    with st.container(gap="xxsmall"):
        for label, value in fields:
            left, right = st.columns([1, 3], gap="small", wrap=False)
            left.caption(label)
            right.text(value)
