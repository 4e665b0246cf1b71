"""The chart of one series of logins: observed counts, the expected range, and spikes."""

import math
from datetime import datetime, timedelta

import altair as alt
import pandas as pd

from audit_store.quantities import counted
from dashboard.charts.parts import COUNTS, FIT, LEGEND, as_utc, bucket_label, time_axis, unit

HEIGHT = 280
COLOURS = {
    "Observed": "#4860e4",
    "Expected": "#cc7800",
    "Expected range": "#b3a076",
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
    frame: pd.DataFrame,
    step: timedelta = timedelta(hours=1),
    *,
    noun: str = "login",
    height: int = HEIGHT,
    marked: tuple[datetime, datetime] | None = None,
) -> alt.LayerChart:
    """A line of counts over the expected range, with a dot on each spike.

    `frame` has a row for each bucket of `step`, ascending: bucket (naive local start), count (NaN without data),
    expected and upper (NaN where nothing is tested), is_spike, and state, of which "learning" is shaded and
    "gap" hatched. `noun` is the singular of what is counted; the hours of `marked` (naive local) are shaded.
    """
    data = _labelled(frame, step, noun)
    base = alt.Chart(as_utc(data, "bucket", "until"))
    title = f"Local time, one point per {unit(step)}"
    x, along = (time_axis("bucket", title, spans=spans) for spans in (True, False))
    y = alt.Y("count:Q", title=f"{noun.capitalize()}s per {unit(step)}", axis=COUNTS)
    learning = _stretches(data, "learning", COLOURS["Learning"], opacity=0.2)
    gaps = _stretches(data, "gap", _hatched(COLOURS["No data"]), opacity=0.6)
    expected_range = base.mark_area(color=COLOURS["Expected range"], opacity=0.35)
    expected = base.mark_line(color=COLOURS["Expected"], strokeWidth=1)
    observed = base.mark_line(color=COLOURS["Observed"], strokeWidth=1.5)
    dots = base.mark_point(color=COLOURS["Spike"], filled=True, opacity=1, size=70)
    # Invisible: a tooltip for the bucket under the pointer, however high the line is.
    pointed = base.mark_rect(opacity=0)
    # Vega warns about a layer without data, because it has no extent.
    drawn = [
        (_alarm(marked).encode(x=x, x2=alt.X2("until")), data["count"].notna() & (marked is not None)),
        (learning.encode(x=x, x2=alt.X2("until")), data["state"] == "learning"),
        (gaps.encode(x=x, x2=alt.X2("until")), data["state"] == "gap"),
        (expected_range.encode(x=along, y=alt.Y("upper:Q")), data["upper"].notna()),
        (expected.encode(x=along, y=alt.Y("expected:Q")), data["expected"].notna()),
        (observed.encode(x=along, y=y), data["count"].notna()),
        (dots.encode(x=along, y=y).transform_filter(alt.datum.is_spike), data["is_spike"]),
        (pointed.encode(x=x, x2=alt.X2("until"), tooltip=_tooltip(noun)), data["bucket"].notna()),
    ]
    return alt.LayerChart(
        layer=[_key(_names(data)), *(layer for layer, rows in drawn if rows.any())],
        height=height,
        description=_finding(data, noun),
        autosize=FIT,
    )


def _alarm(marked: tuple[datetime, datetime] | None) -> alt.Chart:
    """A rectangle over the hours of an alarm."""
    rows = pd.DataFrame([marked] if marked else [], columns=["bucket", "until"], dtype="datetime64[us]")
    drawn: alt.Chart = alt.Chart(as_utc(rows, "bucket", "until")).mark_rect(
        color=COLOURS["Spike"], opacity=0.15
    )
    return drawn


def _labelled(frame: pd.DataFrame, step: timedelta, noun: str) -> pd.DataFrame:
    """Adds `until` and the texts of the tooltip: `when`, `observed`, `normal`."""
    rows = zip(frame["expected"], frame["upper"], frame["state"], strict=True)
    return frame.assign(
        until=frame["bucket"] + step,
        when=[bucket_label(bucket, step) for bucket in frame["bucket"]],
        observed=["–" if math.isnan(number) else counted(number, noun) for number in frame["count"]],
        normal=[_normal(*row) for row in rows],
    )


def _normal(expected: float, upper: float, state: str) -> str:
    if math.isnan(upper):
        return _UNTESTED.get(state, "not tested")
    return f"{expected:,.1f}, up to {upper:,.0f}"


def _finding(data: pd.DataFrame, noun: str) -> str:
    spikes = data[data["is_spike"]].sort_values("count", ascending=False)
    if spikes.empty:
        return "No spikes"
    highest = spikes.iloc[0]
    summary = f"{counted(len(spikes), 'spike')}, the highest {highest['when']}"
    return f"{summary}: {highest['observed']}, expected {highest['normal']}"


def _names(data: pd.DataFrame) -> list[str]:
    """What the legend explains: the names of COLOURS that the chart shows."""
    shown = {
        "Expected": data["expected"].notna().any(),
        "Expected range": data["upper"].notna().any(),
        "Spike": data["is_spike"].any(),
        "Learning": (data["state"] == "learning").any(),
        "No data": (data["state"] == "gap").any(),
    }
    return [name for name in COLOURS if shown.get(name, True)]


def _key(names: list[str]) -> alt.Chart:
    """An empty layer that carries the legend."""
    scale = alt.Scale(domain=names, range=[COLOURS[name] for name in names])
    color = alt.Color("name:N", title=None, scale=scale, legend=LEGEND)
    drawn: alt.Chart = alt.Chart(pd.DataFrame({"name": names})).mark_square(opacity=0).encode(color=color)
    return drawn


def _stretches(data: pd.DataFrame, state: str, colour: str | alt.Gradient, opacity: float) -> alt.Chart:
    """A rectangle over each unbroken run of buckets in this state."""
    run = (data["state"] != data["state"].shift()).cumsum()
    runs = data[data["state"] == state].groupby(run).agg({"bucket": "min", "until": "max"})
    drawn: alt.Chart = alt.Chart(as_utc(runs, "bucket", "until")).mark_rect(color=colour, opacity=opacity)
    return drawn


def _hatched(colour: str) -> alt.Gradient:
    """Horizontal stripes: Vega has no patterns, but a gradient can change colour abruptly."""
    stops = []
    for stripe in range(_STRIPES):
        ends = [(stripe + part) / _STRIPES for part in (0, _INK, _INK, 1)]
        shades = [colour, colour, "transparent", "transparent"]
        stops += [alt.GradientStop(color=shade, offset=end) for shade, end in zip(shades, ends, strict=True)]
    down = {"x1": 0, "x2": 0, "y1": 0, "y2": 1}
    return alt.Gradient(gradient="linear", stops=stops, **down)  # type: ignore[no-untyped-call]


def _tooltip(noun: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("when:N", title="Local time"),
        alt.Tooltip("observed:N", title="Observed"),
        alt.Tooltip("normal:N", title="Expected"),
    ]
