"""The strip of alarms: how wide its bars are, and what they count."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from dashboard.charts.alarms import COLOURS, step_of, strip

START = datetime(2026, 3, 9)  # noqa: DTZ001 - local
HOUR = timedelta(hours=1)


def drawn(hours: list[int], severities: list[str], length: timedelta) -> dict[str, Any]:
    starts = pd.Series([START + hour * HOUR for hour in hours], dtype="datetime64[us]")
    spec: dict[str, Any] = strip(
        pd.DataFrame({"starts_at": starts, "severity": severities}), START, START + length
    ).to_dict()
    return spec


@pytest.mark.parametrize(
    ("days", "step"),
    [(1, HOUR), (2, HOUR), (7, 6 * HOUR), (90, 24 * HOUR), (365, 7 * 24 * HOUR)],
)
def test_bars_are_wider_in_a_longer_range(days: int, step: timedelta) -> None:
    assert step_of(timedelta(days=days)) == step


def test_a_bar_counts_the_alarms_of_each_severity_the_worst_first() -> None:
    spec = drawn([1, 2, 3, 30], ["low", "critical", "low", "high"], timedelta(days=7))
    rows = spec["datasets"][spec["layer"][-1]["data"]["name"]]
    assert [(row["severity"], row["count"], row["bucket"][5:16]) for row in rows] == [
        ("low", 2, "03-09T00:00"),
        ("critical", 1, "03-09T00:00"),
        ("high", 1, "03-10T06:00"),
    ]
    assert [row["numbers"] for row in rows] == ["1 critical, 2 low"] * 2 + ["1 high"]
    assert [row["rank"] for row in rows] == [3, 0, 1]
    assert spec["layer"][-1]["encoding"]["color"]["scale"]["domain"] == list(COLOURS)


def test_the_axis_reaches_over_the_whole_range_also_without_alarms() -> None:
    spec = drawn([], [], timedelta(days=7))
    (row,) = spec["datasets"][spec["data"]["name"]]
    assert (row["bucket"][:10], row["until"][:10]) == ("2026-03-09", "2026-03-16")
    assert len(spec["layer"]) == 1
    assert spec["description"] == "0 alarms over time"
