"""The chart of one watched series: what was counted, what would be usual, and what stands out."""

import math
from datetime import timedelta

import altair as alt
import pandas as pd

from dashboard.charts.parts import COUNTS, FIT, LEGEND, as_utc, time_axis, unit, when
from dashboard.text import count

HEIGHT = 280
COLOURS = {
    "Observed": "#4860e4",
    "Expected": "#cc7800",
    "Usual range": "#b3a076",
    "Spike": "#cc2010",
    "Learning": "#7f7f7f",
    "No data": "#a0a0a0",
}
_UNTESTED = {
    "learning": "still learning",
    "gap": "no data",
    "absent": "not seen yet",
    "unfinished": "not over yet",
}
_STRIPES = 40
_INK = 0.25


def spikes(
    frame: pd.DataFrame, step: timedelta = timedelta(hours=1), *, counted: str = "login"
) -> alt.LayerChart:
    """A line of counts over the usual range, with a dot on each spike.

    `frame` has a row a bucket of `step`, ascending: bucket (naive local start), count (NaN where there is no
    data), expected and upper (NaN where nothing is tested), is_spike, and state, of which "learning" is
    shaded and "gap" hatched. `counted` is the singular of what is counted, a word of our own.
    """
    data = _told(frame, step, counted)
    base = alt.Chart(as_utc(data, "bucket", "until"))
    title = f"Local time, one point per {unit(step)}"
    x, along = time_axis("bucket", title), time_axis("bucket", title, spans=False)
    y = alt.Y("count:Q", title=f"{counted.capitalize()}s per {unit(step)}", axis=COUNTS)
    learning = _stretches(data, "learning", COLOURS["Learning"], opacity=0.2)
    gaps = _stretches(data, "gap", _hatched(COLOURS["No data"]), opacity=0.6)
    usual = base.mark_area(color=COLOURS["Usual range"], opacity=0.35)
    expected = base.mark_line(color=COLOURS["Expected"], strokeWidth=1)
    observed = base.mark_line(color=COLOURS["Observed"], strokeWidth=1.5)
    dots = base.mark_point(color=COLOURS["Spike"], filled=True, opacity=1, size=70)
    # Of a layer without data Vega complains, for it has no extent.
    drawn = [
        (learning.encode(x=x, x2="until"), data["state"] == "learning"),
        (gaps.encode(x=x, x2="until"), data["state"] == "gap"),
        (usual.encode(x=along, y="upper:Q"), data["upper"].notna()),
        (expected.encode(x=along, y="expected:Q"), data["expected"].notna()),
        (observed.encode(x=along, y=y), data["count"].notna()),
        (dots.encode(x=along, y=y).transform_filter(alt.datum.is_spike), data["is_spike"]),
        # Nothing to see: wherever the pointer is, it is over the bucket it points at.
        (
            base.mark_rect(opacity=0).encode(x=x, x2="until", tooltip=_tooltip(counted)),
            data["bucket"].notna(),
        ),
    ]
    return alt.LayerChart(
        layer=[_key(), *(layer for layer, rows in drawn if rows.any())],
        height=HEIGHT,
        description=_takeaway(data, counted),
        autosize=FIT,
    )


def _told(frame: pd.DataFrame, step: timedelta, counted: str) -> pd.DataFrame:
    """With `until`, and what a tooltip says of each bucket: `when`, `observed`, `usual`."""
    rows = zip(frame["expected"], frame["upper"], frame["state"], strict=True)
    return frame.assign(
        until=frame["bucket"] + step,
        when=[when(bucket, step) for bucket in frame["bucket"]],
        observed=["–" if math.isnan(number) else count(number, counted) for number in frame["count"]],
        usual=[_usual(*row) for row in rows],
    )


def _usual(expected: float, upper: float, state: str) -> str:
    if math.isnan(upper):
        return _UNTESTED.get(state, "not tested")
    return f"{expected:,.1f}, up to {upper:,.0f}"


def _takeaway(data: pd.DataFrame, counted: str) -> str:
    found = data[data["is_spike"]].sort_values("count", ascending=False)
    if found.empty:
        return "No spikes"
    highest = found.iloc[0]
    spikes = f"{count(len(found), 'spike')}, the highest {highest['when']}"
    return f"{spikes}: {highest['observed']}, usual {highest['usual']}"


def _key() -> alt.Chart:
    """Nothing but the legend."""
    scale = alt.Scale(domain=[*COLOURS], range=[*COLOURS.values()])
    color = alt.Color("name:N", title=None, scale=scale, legend=LEGEND)
    drawn: alt.Chart = (
        alt.Chart(pd.DataFrame({"name": [*COLOURS]})).mark_square(opacity=0).encode(color=color)
    )
    return drawn


def _stretches(data: pd.DataFrame, state: str, colour: str | alt.Gradient, opacity: float) -> alt.Chart:
    """A row bucket, until for each unbroken run of buckets in this state."""
    run = (data["state"] != data["state"].shift()).cumsum()
    found = data[data["state"] == state].groupby(run).agg({"bucket": "min", "until": "max"})
    drawn: alt.Chart = alt.Chart(as_utc(found, "bucket", "until")).mark_rect(color=colour, opacity=opacity)
    return drawn


def _hatched(colour: str) -> alt.Gradient:
    """Horizontal stripes: Vega has no patterns, but a gradient may change colour at once."""
    stops = []
    for stripe in range(_STRIPES):
        ends = [(stripe + part) / _STRIPES for part in (0, _INK, _INK, 1)]
        shades = [colour, colour, "transparent", "transparent"]
        stops += [alt.GradientStop(color=shade, offset=end) for shade, end in zip(shades, ends, strict=True)]
    down = {"x1": 0, "x2": 0, "y1": 0, "y2": 1}
    return alt.Gradient(gradient="linear", stops=stops, **down)  # type: ignore[no-untyped-call]


def _tooltip(counted: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("when:N", title="Local time"),
        alt.Tooltip("observed:N", title="Observed"),
        alt.Tooltip("usual:N", title=f"Usual {counted}s"),
    ]
