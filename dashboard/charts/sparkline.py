"""A small line of counts, as an image: a chart of Vega would take the browser longer than the rest of a tile."""

import base64
from collections.abc import Sequence

WIDTH, HEIGHT = 200, 28
_STROKE = 1.5


def image(counts: Sequence[int], label: str, colour: str = "#4a7fb0") -> str:
    """The image of `svg` as an element of HTML; `label` describes it, in words of our own, never text of the log."""
    if not (drawn := svg(counts, colour)):
        return ""
    data = base64.b64encode(drawn.encode()).decode()
    style = f"display: block; width: 100%; height: {HEIGHT}px"
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{label}" style="{style}">'


def svg(counts: Sequence[int], colour: str) -> str:
    """An image of counts in their order.

    The line reaches over the whole width, and its height from 0 to the highest count. "" for fewer than two counts.

    >>> svg([0, 4], "red").count("0.0,27.2 200.0,0.8")
    1
    """
    if len(counts) < 2:
        return ""
    highest, room = max(*counts, 1), HEIGHT - _STROKE
    points = " ".join(
        f"{WIDTH * place / (len(counts) - 1):.1f},{_STROKE / 2 + room * (1 - count / highest):.1f}"
        for place, count in enumerate(counts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">'
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{_STROKE}" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
