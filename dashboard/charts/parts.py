"""Parts that all charts share: axes, the legend, labels for buckets, and local times.

A browser interprets a time without a zone in its own zone. So local times are sent as if they were UTC and drawn
on UTC scales, and tooltips show them as text.
"""

from datetime import datetime, timedelta
from typing import Any

import altair as alt
import pandas as pd
from altair.utils import schemapi

from audit_store.quantities import counted

# As wide as the container; the height is that of the plot, however many lines the legend needs.
FIT = alt.AutoSizeParams(type="fit-x", contains="padding")
# A canvas is one element of the page, an SVG one for each mark.
CANVAS = {"embedOptions": {"renderer": "canvas"}}
SHORT = "format(datum.value, datum.value < 1000 ? 'd' : '~s')"
COUNTS = alt.Axis(tickMinStep=1, tickCount=5, labelExpr=SHORT)
LEGEND = alt.Legend(
    orient="bottom",
    columns=alt.ExprRef("width > 1400 ? 8 : width > 660 ? 4 : 2"),
    labelLimit=alt.ExprRef("width > 300 ? 150 : 110"),
    symbolType="square",
    symbolOpacity=1,
    padding=0,
    offset=4,
)
_TIMES = {
    "year": "%Y",
    "quarter": "%b %Y",
    "month": "%b %Y",
    "week": "%-d %b",
    "date": "%-d %b",
    "day": "%-d %b",
    "hours": "%H:%M",
    "minutes": "%H:%M",
}
_LONG = ((365, "year"), (28, "month"), (7, "week"), (1, "day"))


def time_axis(field: str, title: str, *, spans: bool = True) -> alt.X:
    """The horizontal axis of local times that `as_utc` has marked; hours from 00:00 to 23:59.

    With `spans`, a mark covers its whole bucket and needs its end as `x2`.
    """
    # Few enough not to overlap: Vega drops every second label that does, even the one that names the day.
    few = alt.ExprRef("ceil(width / 80)")
    axis = alt.Axis(format=_TIMES, tickCount=few, labelFlush=True, labelOverlap=True, grid=False)
    along = alt.X(field, type="temporal", title=title, scale=alt.Scale(type="utc"), axis=axis)
    return along.bin("binned") if spans else along


def as_utc(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The frame with naive local times marked as UTC, hour and minute unchanged."""
    return frame.assign(**{column: frame[column].dt.tz_localize("UTC") for column in columns})


def unit(step: timedelta) -> str:
    """The name of a bucket's width: "15 minutes", "hour", "6 hours", "day", "week", "month", "year".

    >>> unit(timedelta(minutes=15))
    '15 minutes'
    """
    for days, name in _LONG:
        if step.days >= days:
            return name
    hours, minutes = divmod(round(step.total_seconds()) // 60, 60)
    text = counted(hours, "hour") if hours else counted(minutes, "minute")
    return text.removeprefix("1 ")


def skip_validation() -> None:
    """Make and draw charts without comparing them with Vega-Lite's schema, which takes longer than all else.

    The tests of charts validate them.
    """
    schemapi.disable_debug_mode()
    # That is about the parts; Streamlit validates whole charts, and a layered one the selections in it.
    schemapi.SchemaBase.validate = classmethod(_accept)  # type: ignore[assignment,method-assign]


def _accept(_: type[Any], instance: dict[str, Any], schema: dict[str, Any] | None = None) -> None:
    """Take the place of `SchemaBase.validate`."""


def bucket_label(start: datetime, step: timedelta) -> str:
    """The label of a bucket: "Sat 14 March 2026, 02:00–03:00", "Mon 9 – Sun 15 March 2026", "March 2026".

    >>> bucket_label(datetime(2026, 3, 9), timedelta(days=7))
    'Mon 9 – Sun 15 March 2026'
    """
    match unit(step):
        case "year":
            return f"{start:%Y}"
        case "month":
            return f"{start:%B %Y}"
        case "week":
            return f"{_since(start, start + timedelta(days=6))} – {_day(start + timedelta(days=6))}"
        case "day":
            return _day(start)
    return f"{_day(start)}, {start:%H:%M}–{start + step:%H:%M}"


def _day(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%B %Y}"


def _since(first: datetime, last: datetime) -> str:
    """The first day of a range, without the month and year that the last day repeats."""
    if first.year != last.year:
        return _day(first)
    return f"{first:%a} {first.day}" + ("" if first.month == last.month else f" {first:%B}")
