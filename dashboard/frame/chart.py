"""Draws charts in the theme of the viewer's browser."""

from typing import Any

import streamlit as st

from dashboard.charts.theme import Drawable, themed


def draw(chart: Drawable, **options: Any) -> None:
    """Draw a chart; the options are those of `st.altair_chart`."""
    theme = "dark" if st.context.theme.type == "dark" else "light"
    st.altair_chart(themed(chart, theme), **options)
