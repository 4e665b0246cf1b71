"""The colours of texts in charts: 4.5:1 on the background of either theme (WCAG 2.2, 1.4.3)."""

import altair as alt

TEXTS = {"light": "#5b6673", "dark": "#aab4bf"}
_SIZE = 12
Drawable = alt.Chart | alt.LayerChart


def themed(chart: Drawable, theme: str) -> Drawable:
    """The same chart with texts that can be read on a "light" or a "dark" background."""
    ink = TEXTS[theme]
    drawn: Drawable = chart.copy(deep=False)
    drawn.config = alt.Config(
        axis=alt.AxisConfig(labelColor=ink, titleColor=ink, labelFontSize=_SIZE, titleFontSize=_SIZE),
        legend=alt.LegendConfig(labelColor=ink, titleColor=ink, labelFontSize=_SIZE, titleFontSize=_SIZE),
        text=alt.MarkConfig(color=ink, fontSize=_SIZE),
    )
    return drawn
