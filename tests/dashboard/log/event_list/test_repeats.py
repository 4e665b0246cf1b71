"""Rows that repeat the one above."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from dashboard.log.event_list.repeats import WITHIN, counts, repeats_last

START = datetime(2026, 3, 14, 12)  # noqa: DTZ001  # naive UTC
ROW = {"agent": "ada", "activity": "Login", "outcome": "failure"}


@pytest.mark.parametrize(
    ("change", "after", "repeats"),
    [
        ({}, timedelta(), True),
        ({}, WITHIN, True),
        ({}, -WITHIN, True),
        ({}, WITHIN + timedelta(microseconds=1), False),
        ({"agent": "bob"}, timedelta(), False),
        ({"activity": "Logout"}, timedelta(), False),
        ({"outcome": "success"}, timedelta(), False),
        ({"outcome": None}, timedelta(), False),
    ],
)
def test_a_row_repeats_the_same_act_within_minutes(
    change: dict[str, str | None], after: timedelta, repeats: bool
) -> None:
    first, second = ROW | {"occurred_at": START}, ROW | change | {"occurred_at": START + after}
    assert repeats_last(pd.DataFrame([first, second])) == [False, repeats]


def test_rows_without_an_outcome_can_repeat() -> None:
    row = ROW | {"outcome": None, "occurred_at": START}
    assert repeats_last(pd.DataFrame([row, row])) == [False, True]
    assert repeats_last(pd.DataFrame([row])[:0]) == []


def test_the_first_of_each_run_has_its_number() -> None:
    assert counts([False, True, False, False, True, True]) == [1, 0, 0, 2, 0, 0]
    assert counts([]) == []
