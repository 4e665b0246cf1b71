"""A sparkline reaches over its width and from 0 to its highest count."""

import re

import pytest

from dashboard.charts import sparkline


@pytest.mark.parametrize("counts", [[], [7]])
def test_too_few_counts_make_no_line(counts: list[int]) -> None:
    assert sparkline.image(counts, "Events") == ""


@pytest.mark.parametrize("counts", [[0, 0], [3, 0, 9], list(range(120))])
def test_the_line_has_a_point_for_each_count_within_the_image(counts: list[int]) -> None:
    svg = sparkline.svg(counts, "red")
    points = [
        tuple(map(float, point.split(",")))
        for point in re.search(r'points="([^"]+)"', svg).group(1).split()  # type: ignore[union-attr]
    ]
    assert len(points) == len(counts)
    assert (points[0][0], points[-1][0]) == (0, sparkline.WIDTH)
    assert all(0 <= y <= sparkline.HEIGHT for _, y in points)
    assert min(points, key=lambda point: point[1])[1] == points[counts.index(max(counts))][1]


def test_the_image_has_a_text_for_who_cannot_see_it() -> None:
    assert 'alt="Events over time"' in sparkline.image([1, 2], "Events over time")
