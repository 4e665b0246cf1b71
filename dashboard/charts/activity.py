"""The charts of events: pure functions from a DataFrame to an Altair chart.

The `description` of a chart states its main finding, for screen readers. Field names are fixed; text of the log
is only ever a value.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from audit_store.quantities import counted
from dashboard.charts.parts import CANVAS, COUNTS, FIT, LEGEND, SHORT, as_utc, bucket_label, time_axis, unit

# Distinguishable under each kind of colour blindness, with a contrast of 3:1 on white and on #14181d
# (WCAG 2.2, 1.4.11). The last colour is that of activities without a category.
# Red is for failures and alarms alone.
PALETTE = ("#4860e4", "#cc7800", "#607216", "#a44090", "#789c6c", "#16725c", "#a884b4", "#7f7f7f")
TIMELINE_HEIGHT = 260
HEAT_MAP_HEIGHT = 200
AGENT_HEIGHT = 24
NOTHING = "No events"
ALARM = "#cc2010"
FAILURE = "#cc2010"
AGENT = "#4a7fb0"
# One bar of 120 has less than three pixels on a telephone.
_GAP = 0.75
_LIGHTER = 0.5
_UNPICKED = 0.3
FAINT = "#8c96a3"
_ALARM_SIZE = 45
_ALARM_OFFSET = -8


def timeline(
    frame: pd.DataFrame,
    categories: Sequence[str],
    step: timedelta,
    *,
    select: bool = False,
    colours: Mapping[str, str] | None = None,
    earlier: pd.DataFrame | None = None,
) -> alt.LayerChart:
    """Events over time, a bar for each `step`, stacked by category; partial bars are lighter.

    `frame` is the result of `local_buckets.local_timeline`. `earlier`, the result of
    `local_buckets.previous_period_bars` with the column `period`, adds a faint step line behind the bars.

    With `select`, dragging sets the selection `brush` (`bucket`: first and last, in milliseconds of local time
    counted as if it were UTC), a click on a bar `bar` (its `bucket`), and a click on a category in the legend
    `kind` (its `category`).
    """
    labels = [bucket_label(bucket, step) for bucket in frame["bucket"]]
    data = _placed(frame.assign(when=labels), categories, "bucket")
    brush = alt.selection_interval(name="brush", encodings=["x"])
    bar = alt.selection_point(name="bar", fields=["bucket"])
    kind = alt.selection_point(name="kind", fields=["category"], bind="legend")
    title = f"Local time, one bar per {unit(step)}"
    bars: alt.Chart = (
        alt.Chart(as_utc(data, "bucket", "until"))
        .mark_bar(binSpacing=_GAP)
        .encode(
            x=time_axis("bucket", title),
            x2=alt.X2("until"),
            y=alt.Y("events:Q", title="Events", stack="zero", axis=COUNTS),
            color=_colour(categories, colours or {}),
            order=alt.Order("place:Q"),
            opacity=_opacity(alt.datum.partial, _LIGHTER, 1),
            tooltip=[alt.Tooltip("when:N", title="Local time"), *_counts("failures", "Failed")],
        )
        .add_params(*((brush, bar, kind) if select else ()))
    )
    return alt.LayerChart(
        layer=[bars] if earlier is None else [_line_of(earlier, title), bars],
        height=TIMELINE_HEIGHT,
        description="; ".join([_busiest(data, "when"), *_summed(earlier)]),
        autosize=FIT,
    )


def with_alarms(timeline: alt.LayerChart, bars: pd.DataFrame) -> alt.LayerChart:
    """The chart of `timeline` with a small triangle above some bars.

    `bars` has a row for each of them: bucket and until (naive local), total (its events) and summary (the tooltip).
    """
    triangles = (
        alt.Chart(as_utc(bars, "bucket", "until"))
        .mark_point(
            shape="triangle-down",
            filled=True,
            opacity=1,
            size=_ALARM_SIZE,
            color=ALARM,
            yOffset=_ALARM_OFFSET,
        )
        .encode(
            x=timeline.layer[-1].encoding.x,
            x2=alt.X2("until"),
            y=alt.Y("total:Q", title="Events"),
            tooltip=alt.Tooltip("summary:N", title="Login alarm"),
        )
    )
    drawn: alt.LayerChart = timeline.copy(deep=False)
    drawn.layer = [*timeline.layer, *([] if bars.empty else [triangles])]
    return drawn


def by_agent(frame: pd.DataFrame, *, select: bool = False) -> alt.LayerChart:
    """Events by agent, a bar for each in the order of the frame, with its number of events beside it.

    `frame` is the result of `local_buckets.agents`; the others together have no bar. With `select`, a click sets the
    selection `picked` (`agent`: the name as logged).
    """
    named = frame[frame["agent"].notna()]
    data = named.groupby(["label", "agent"], sort=False)["events"].sum().reset_index()
    most = max(1, int(data["events"].max())) if len(data) else 1
    picked = alt.selection_point(name="picked", fields=["agent"])
    base = alt.Chart(data).encode(
        x=alt.X("events:Q", title="Events", axis=None, scale=alt.Scale(domain=[0, most * _ROOM])),
        y=alt.Y("label:N", title=None, sort=None, axis=_NAMES),
        tooltip=[alt.Tooltip("label:N", title="Agent"), _EVENTS],
    )
    bars = base.mark_bar(color=AGENT).encode(
        opacity=_opacity(picked, 1, _UNPICKED) if select else alt.OpacityValue(1)
    )
    numbers = base.mark_text(align="left", dx=4).encode(text=alt.Text("events:Q", title="Events", format=","))
    return alt.LayerChart(
        layer=[bars.add_params(picked) if select else bars, numbers],
        height=AGENT_HEIGHT * max(3, len(data)),
        description=_busiest(named, "label"),
        autosize=FIT,
        usermeta=CANVAS,
    )


def heat_map(frame: pd.DataFrame, *, select: bool = False) -> alt.Chart:
    """Events by weekday and local hour; `frame` is the result of `local_buckets.heat_map`.

    The colours reach from the 5th to the 95th percentile, so that one busy hour does not make all others pale.

    With `select`, a click sets the selection `hour_of_week` (`weekday` and `hour`).
    """
    data = frame.assign(when=frame["weekday"] + frame["hour"].map(" {0:02d}:00–{0:02d}:59".format))
    lowest, highest = (int(edge) for edge in np.percentile(frame["events"], _COMMON))
    scale = alt.Scale(domain=[lowest, max(highest, lowest + 1)], clamp=True)
    hours = alt.Axis(values=[*range(0, 24, 3)], labelAngle=0, format="02d")
    drawn: alt.Chart = (
        alt.Chart(data, description=_busiest(data, "when"), autosize=FIT)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("hour:O", title="Local hour of the day", axis=hours),
            y=alt.Y("weekday:N", title=None, sort=None, axis=alt.Axis(labelExpr="slice(datum.label, 0, 3)")),
            color=alt.Color("events:Q", title="Events", scale=scale, legend=_SCALE),
            tooltip=[alt.Tooltip("when:N", title="Local time"), _EVENTS],
        )
        .properties(height=HEAT_MAP_HEIGHT, usermeta=CANVAS)
    )
    clicked = alt.selection_point(name="hour_of_week", fields=["weekday", "hour"])
    return drawn.add_params(clicked) if select else drawn


_EVENTS = alt.Tooltip("events:Q", title="Events", format=",")
_SCALE = alt.Legend(orient="bottom", padding=0, offset=4, tickMinStep=1, labelExpr=SHORT, gradientThickness=8)
_COMMON = (5, 95)
# The number beside the longest bar needs room.
_ROOM = 1.2
_A_THIRD = "clamp(containerSize()[0] / 3, 90, 240)"
# The names of one cloud account often share a prefix, so the middle is cut.
_CUT = f"floor({_A_THIRD} / 20)"
_NAMES = alt.Axis(
    labelLimit=alt.ExprRef(_A_THIRD),
    labelOverlap=False,
    labelExpr=f"length(datum.label) > 3 * {_CUT} "
    f"? slice(datum.label, 0, {_CUT}) + '…' + slice(datum.label, -2 * {_CUT}) : datum.label",
)


def _line_of(earlier: pd.DataFrame, title: str) -> alt.Chart:
    """A step line at the height of each bar in the previous period, to the end of the last one."""
    end = earlier.tail(1).assign(bucket=earlier["until"].tail(1))
    steps = pd.concat([earlier, end], ignore_index=True)
    drawn: alt.Chart = (
        alt.Chart(as_utc(steps, "bucket", "until"))
        .mark_line(interpolate="step-after", strokeWidth=1.5, color=FAINT)
        .encode(x=time_axis("bucket", title, spans=False), y=alt.Y("events:Q", title="Events"))
    )
    return drawn


def _summed(earlier: pd.DataFrame | None) -> list[str]:
    """The previous period in the alternative text: "Previous 7 days: 12,345 events"."""
    sums = {} if earlier is None else earlier.groupby("period")["events"].sum().to_dict()
    return [f"{period}: {counted(events, 'event')}" for period, events in sums.items()]


def _counts(field: str, title: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("category:N", title="Category"),
        _EVENTS,
        alt.Tooltip(f"{field}:Q", title=title, format=","),
    ]


def _colour(categories: Sequence[str], own: Mapping[str, str]) -> alt.Color:
    """Colours by position in the catalogue, so that they do not depend on the data.

    The last category, and those for which no colour is left, are grey.
    """
    defaults = dict(zip(categories[:-1], PALETTE[:-1], strict=False))
    colours = [own.get(name, defaults.get(name, PALETTE[-1])) for name in categories]
    scale = alt.Scale(domain=[*categories], range=colours)
    return alt.Color("category:N", title=None, scale=scale, legend=LEGEND)


def _opacity(condition: Any, then: float, otherwise: float) -> alt.OpacityValue:
    """A channel with a class: Altair searches all its classes for that of a string or a dict, for 0.03 s."""
    return alt.OpacityValue(**alt.when(condition).then(alt.value(then)).otherwise(alt.value(otherwise)))


def _placed(frame: pd.DataFrame, categories: Sequence[str], bar: str) -> pd.DataFrame:
    """Adds `place`, the order within a bar, and `total`, the events of the whole bar."""
    places = {category: place for place, category in enumerate(categories)}
    # A bar without events keeps one row, so that the time axis reaches it.
    drawn = frame[(frame["events"] > 0) | ~frame.duplicated(bar)]
    return drawn.assign(
        place=drawn["category"].map(places), total=drawn.groupby(bar)["events"].transform("sum")
    )


def _busiest(data: pd.DataFrame, bar: str) -> str:
    """The main finding: "Busiest: Sat 14 March 2026, 1,234 events; mostly Sign-in"."""
    totals = data.groupby(bar, sort=False)["events"].sum()
    if not totals.any():
        return NOTHING
    name, events = str(totals.idxmax()), int(totals.max())
    busiest = f"Busiest: {name}, {counted(events, 'event')}"
    if "category" not in data:
        return busiest
    by_category = data[data[bar] == name].set_index("category")["events"]
    return f"{busiest}; mostly {by_category.idxmax()}"
