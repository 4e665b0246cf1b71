"""What a click on a category in the legend of a chart does to the filters."""

from functools import partial

import pandas as pd
import streamlit as st

from audit_store.catalogue import Catalogue
from dashboard.activity import chart_filters
from dashboard.filters import url_state


def to_category_or_period(chart: str, catalogue: Catalogue, bars: pd.DataFrame) -> partial[None]:
    """Show only the category that was clicked in the legend, or else the time of the `bars` that were marked."""
    return partial(_to_category_or_period, chart, catalogue, bars)


def only(category: str, catalogue: Catalogue) -> dict[str, list[str]]:
    """The filters that leave one category; that of the rest is everything but the known activities.

    >>> only("Doors", Catalogue(("Doors", "Rest"), {"Door shut": "Doors"}))
    {'activity': ['Door shut'], 'not_activity': []}
    """
    if category == catalogue.other:
        return {"activity": [], "not_activity": sorted(catalogue.category_by_activity)}
    of_it = [name for name, its in catalogue.category_by_activity.items() if its == category]
    return {"activity": sorted(of_it), "not_activity": []}


def _to_category_or_period(chart: str, catalogue: Catalogue, bars: pd.DataFrame) -> None:
    clicked = st.session_state[chart]["selection"].get("kind") or [{}]
    if category := clicked[0].get("category"):
        url_state.change(**only(category, catalogue))
    else:
        chart_filters.to_period(chart, bars)()
