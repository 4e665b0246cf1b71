"""The strip of alarms over a time range, coloured by severity."""

from collections import Counter
from datetime import datetime, timedelta

import altair as alt
import pandas as pd

from audit_store.quantities import counted
from dashboard.charts.parts import FIT, as_utc, bucket_label, time_axis

COLOURS = {"critical": "#cc2010", "high": "#e8760c", "medium": "#d9a400", "low": "#8a8f98"}
"""The colours of the severities, the worst first."""

HEIGHT = 56
_STEPS = (
    (timedelta(days=2), timedelta(hours=1)),
    (timedelta(days=14), timedelta(hours=6)),
    (timedelta(days=120), timedelta(days=1)),
)


def strip(alarms: pd.DataFrame, start: datetime, end: datetime) -> alt.LayerChart:
    """A bar for each stretch of time with alarms, stacked by severity, the worst at the bottom.

    `alarms` has a row an alarm: starts_at (naive local) and severity, a key of COLOURS. The axis reaches from `start`
    to `end` (naive local).
    """
    step = step_of(end - start)
    bars = _bars(alarms, step, start)
    scale = alt.Scale(domain=[*COLOURS], range=[*COLOURS.values()])
    axis = time_axis("bucket", "", spans=True)
    reach = pd.DataFrame({"bucket": [start], "until": [max(end, start + step)]})
    base = alt.Chart(as_utc(bars, "bucket", "until"))
    # With a stroke, because a day of a quarter is a pixel wide on a telephone.
    drawn = base.mark_bar(strokeWidth=2).encode(
        x=axis,
        x2=alt.X2("until"),
        y=alt.Y("count:Q", stack="zero", axis=None),
        order=alt.Order("rank:Q"),
        color=alt.Color("severity:N", scale=scale, legend=None),
        stroke=alt.Stroke("severity:N", scale=scale, legend=None),
        tooltip=[
            alt.Tooltip("when:N", title="Local time"),
            alt.Tooltip("numbers:N", title="Alarms"),
        ],
    )
    whole = (
        alt.Chart(as_utc(reach, "bucket", "until")).mark_rect(opacity=0).encode(x=axis, x2=alt.X2("until"))
    )
    return alt.LayerChart(
        layer=[whole, *([] if bars.empty else [drawn])],
        height=HEIGHT,
        description=f"{counted(len(alarms), 'alarm')} over time",
        autosize=FIT,
    )


def step_of(length: timedelta) -> timedelta:
    """The width of a bar in a time range of this length."""
    return next((step for most, step in _STEPS if length <= most), timedelta(days=7))


def _bars(alarms: pd.DataFrame, step: timedelta, start: datetime) -> pd.DataFrame:
    """A row for each bar and severity: bucket, until, severity, count, rank, and the texts when and numbers."""
    first = pd.Timestamp(start).floor("D")
    buckets = first + (alarms["starts_at"] - first) // step * step
    counts = Counter(zip(buckets, alarms["severity"], strict=True))
    numbers: dict[pd.Timestamp, list[str]] = {}
    for bucket, severity in sorted(counts, key=lambda bar: [*COLOURS].index(bar[1])):
        numbers.setdefault(bucket, []).append(f"{counts[bucket, severity]:,} {severity}")
    bars = pd.DataFrame(
        [(*bar, count) for bar, count in counts.items()], columns=["bucket", "severity", "count"]
    )
    bars = bars.astype({"bucket": "datetime64[us]"})
    return bars.assign(
        until=bars["bucket"] + step,
        rank=bars["severity"].map([*COLOURS].index),
        numbers=[", ".join(numbers[bucket]) for bucket in bars["bucket"]],
        when=[bucket_label(bucket, step) for bucket in bars["bucket"]],
    )
