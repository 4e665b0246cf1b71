"""Rows that fold into another one."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from audit_store import catalogue
from dashboard.log.event_list.folding import FOLDS, WITHIN, labels, leads, repeats_last

START = datetime(2026, 3, 14, 12)  # noqa: DTZ001  # naive UTC
ROW = {"agent": "ada", "activity": "Login", "outcome": "failure"}
KNOWN = catalogue.load()


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


def events(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Events a second apart, by agent, outcome and metadata."""
    return pd.DataFrame(
        [
            {
                "agent": agent,
                "activity": "Login",
                "outcome": outcome,
                "occurred_at": START - timedelta(seconds=number),
                "metadata": metadata,
            }
            for number, (agent, outcome, metadata) in enumerate(rows)
        ],
        columns=["agent", "activity", "outcome", "occurred_at", "metadata"],
    )


INTERLEAVED = events(
    ("ada", "success", '{"request_id": "r1", "session": {"id": 7}}'),
    ("ada", "success", "{}"),
    ("bob", "failure", '{"requestId": "r2", "session": {"id": 7}}'),
    ("ada", "failure", '{"request_id": "r1"}'),
    ("bob", "failure", '{"requestId": "r2", "session": {"id": "7"}}'),
    ("bob", "failure", '{"requestId": null, "session": {"id": {}}}'),
)


@pytest.mark.parametrize(
    ("fold", "expected", "short"),
    [
        ("", [0, 1, 2, 3, 4, 5], {}),
        ("repeats", [0, 0, 2, 3, 4, 4], {0: "× 2", 4: "× 2"}),
        ("request", [0, 1, 2, 0, 2, 5], {0: "× 2, 1 failed", 2: "× 2"}),
        ("session", [0, 1, 0, 3, 0, 5], {0: "× 3, 2 failed"}),
    ],
)
def test_rows_fold_into_the_first_one_that_they_belong_to(
    fold: str, expected: list[int], short: dict[int, str]
) -> None:
    leading = leads(INTERLEAVED, fold, KNOWN)
    assert leading == expected
    assert {row: text for row, (text, _) in labels(INTERLEAVED, leading, fold).items()} == short


def test_a_folded_row_says_what_it_stands_for() -> None:
    [(_, sentence)] = labels(INTERLEAVED, [0, 0, 0, 3, 4, 5], "session").values()
    assert sentence == "3 events of this session on this page, 1 failed"


@pytest.mark.parametrize("fold", ["", *FOLDS])
def test_an_empty_page_has_nothing_to_fold(fold: str) -> None:
    assert leads(events(), fold, KNOWN) == []
    assert labels(events(), [], fold) == {}
