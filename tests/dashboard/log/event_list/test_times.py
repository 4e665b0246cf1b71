"""The short times of the list."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.log.event_list.times import Times, short

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([], Times([], "")),
        (["2026-11-26T04:59:59.043999"], Times(["11-26 05:59:59.043"], "+01:00")),
        (
            ["2026-01-01T00:00", "2025-12-31T22:59"],
            Times(["2026-01-01 01:00:00.000", "2025-12-31 23:59:00.000"], "+01:00"),
        ),
        (
            ["2026-10-25T01:30", "2026-10-25T00:30"],
            Times(["10-25 02:30:00.000 +01:00", "10-25 02:30:00.000 +02:00"], ""),
        ),
    ],
)
def test_years_and_offsets_are_written_where_there_are_several(moments: list[str], expected: Times) -> None:
    assert short([datetime.fromisoformat(moment) for moment in moments], BERLIN) == expected
