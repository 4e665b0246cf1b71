"""Signs over the bars of a chart."""

import altair as alt
import pandas as pd

from dashboard.charts.parts import as_utc

COLOUR = "#cc2010"
_SIZE = 45
_ABOVE = -8


def with_alarms(timeline: alt.LayerChart, bars: pd.DataFrame) -> alt.LayerChart:
    """The chart of `charts.timeline` with a small triangle above each of these bars.

    `bars` has a row a bar: bucket and until (naive local), total (its events) and said, what a tooltip tells.
    """
    signs = (
        alt.Chart(as_utc(bars, "bucket", "until"))
        .mark_point(shape="triangle-down", filled=True, opacity=1, size=_SIZE, color=COLOUR, yOffset=_ABOVE)
        .encode(
            x=timeline.layer[0].encoding.x,
            x2="until",
            y=alt.Y("total:Q", title="Events"),
            tooltip=alt.Tooltip("said:N", title="Login alarm"),
        )
    )
    drawn: alt.LayerChart = timeline.copy(deep=False)
    drawn.layer = [*timeline.layer, *([] if bars.empty else [signs])]
    return drawn
