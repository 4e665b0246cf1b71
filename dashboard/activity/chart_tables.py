"""The numbers of each chart as a table, for screen readers and for copying."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pandas as pd
import streamlit as st

from dashboard.charts.parts import bucket_label

_LARGEST = 10
_ROW_HEIGHT = 35


def timeline(
    frame: pd.DataFrame,
    categories: Sequence[str],
    step: timedelta,
    *,
    earlier: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """A row for each bar of `local_buckets.local_timeline`: its time, events by category, total, and failed.

    `earlier`, the frame that `charts.activity.timeline` takes, adds a column of the previous period.
    """
    table = _by_category(frame, "bucket", categories)
    table["Failed"] = frame.groupby("bucket", sort=False)["failures"].sum()
    if earlier is not None:
        table = table.join(earlier.pivot(index="bucket", columns="period", values="events"))
    labels = [bucket_label(bucket, step) for bucket in table.index]
    return table.set_axis(pd.Index(labels, name="Local time"))


def agents(frame: pd.DataFrame, categories: Sequence[str]) -> pd.DataFrame:
    """A row for each agent of `local_buckets.agents`, in its order: events by category, and the total."""
    return _by_category(frame, "label", categories).rename_axis("Agent")


def week(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each weekday of `local_buckets.heat_map`: a column for each hour of the day, and the total."""
    table = frame.pivot_table(index="weekday", columns="hour", values="events", aggfunc="sum", sort=False)
    named = table.set_axis([f"{hour:02}:00" for hour in table.columns], axis=1)
    return named.assign(Total=table.sum(axis=1)).rename_axis("Weekday")


def button(of: str, table: Callable[[], pd.DataFrame]) -> None:
    """Draw a button that opens a table, made when it is opened; `of` names the chart, in our own words."""
    # A fragment alone takes all the width that is left.
    with st.container(width="content"):
        _button(of, table)


@st.fragment
def _button(of: str, table: Callable[[], pd.DataFrame]) -> None:
    box = st.popover(
        "Numbers", key=f"numbers_{of}", type="tertiary", icon=":material/table:", on_change="rerun"
    )
    if not box.open:
        return
    numbers = table()
    with box:
        st.dataframe(
            numbers,
            width="content",
            height=_ROW_HEIGHT * (min(len(numbers), _LARGEST) + 1) + 3,
            row_height=_ROW_HEIGHT,
            alt=f"The numbers behind the chart: {of}",
            column_config={str(name): st.column_config.NumberColumn(format="localized") for name in numbers},
        )


def _by_category(frame: pd.DataFrame, row: str, categories: Sequence[str]) -> pd.DataFrame:
    table = frame.pivot_table(index=row, columns="category", values="events", aggfunc="sum", fill_value=0)
    whole = table.reindex(index=frame[row].unique(), columns=[name for name in categories if name in table])
    return pd.DataFrame(whole).assign(Total=whole.sum(axis=1))
