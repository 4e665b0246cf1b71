"""A small line of counts, as SVG: a chart of Vega would take the browser longer than the rest of a tile."""

from collections.abc import Sequence

WIDTH, HEIGHT = 200, 28
_STROKE = 1.5


def svg(counts: Sequence[int], label: str, colour: str = "#4a7fb0") -> str:
    """An image of counts in their order; `label` names it, in words of our own, never text of the log.

    The line reaches over the whole width, and its height from 0 to the highest count. "" for fewer than two counts.

    >>> svg([0, 4], "Events", "red").count("0.0,27.2 200.0,0.8")
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
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" height="{HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}"><polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{_STROKE}" '
        'vector-effect="non-scaling-stroke"/></svg>'
    )
