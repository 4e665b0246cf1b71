"""The explanation of an alarm that a reviewer reads."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Alarm, Explanation, explain

ALARM = Alarm(
    series="support-7",
    start=pd.Timestamp("2026-03-14 13:00"),
    end=pd.Timestamp("2026-03-14 14:00"),
    total=41,
    peak=pd.Timestamp("2026-03-14 13:00"),
    observed=41,
    expected=3.2,
    upper=9.0,
    p=1.05e-6,
    score=5.98,
    provisional=False,
    freq="1h",
)
LONG = replace(ALARM, end=pd.Timestamp("2026-03-14 16:00"), total=1097, observed=641)
NIGHT = replace(ALARM, start=pd.Timestamp("2026-03-14 22:00"), end=pd.Timestamp("2026-03-15 02:00"), total=90)
DAY = replace(ALARM, start=pd.Timestamp("2026-03-13 23:00"), end=pd.Timestamp("2026-03-14 23:00"), freq="1D")

SENTENCES = [
    (
        ALARM,
        {"details": ["38 failed", "1 address never seen before"]},
        "support-7: 41 logins 2026-03-14 14:00–15:00 Europe/Berlin, expected 3 (limit 9); 38 failed; "
        "1 address never seen before; by chance less than once in 100 years",
    ),
    (
        LONG,
        {"noun": "events"},
        "support-7: 1,097 events 2026-03-14 14:00–17:00 Europe/Berlin, 641 of them 2026-03-14 14:00–15:00, "
        "expected 3 (limit 9); by chance less than once in 100 years",
    ),
    (
        replace(NIGHT, expected=0.3, score=2.5),
        {},
        "support-7: 90 logins 2026-03-14 23:00 to 2026-03-15 03:00 Europe/Berlin, 41 of them 2026-03-14 14:00–15:00, "
        "expected less than 1 (limit 9); by chance less than once a week",
    ),
    (
        replace(ALARM, provisional=True),
        {"details": []},
        "support-7: 41 logins 2026-03-14 14:00–15:00 Europe/Berlin, expected 3 (limit 9); "
        "by chance less than once in 100 years; provisional, still learning the baseline",
    ),
    (
        replace(DAY, score=300.0, p=0.0),
        {},
        "support-7: 41 logins on 2026-03-14, expected 3 (limit 9); by chance less than once in a million years",
    ),
]


@pytest.mark.parametrize(("alarm", "options", "sentence"), SENTENCES)
def test_the_sentence_for_an_alarm(alarm: Alarm, options: dict[str, Any], sentence: str) -> None:
    assert explain(alarm, tz="Europe/Berlin", **options).text == sentence


def test_the_parts_of_an_explanation() -> None:
    explanation = explain(ALARM, tz="Europe/Berlin", details=["38 failed"])
    assert explanation == Explanation(
        series="support-7",
        counted="41 logins 2026-03-14 14:00–15:00 Europe/Berlin",
        expected="expected 3 (limit 9)",
        details=("38 failed",),
        rarity="by chance less than once in 100 years",
        caveat="",
    )


@given(score=st.floats(0.0, 400.0), freq=st.sampled_from(["1h", "1D"]))
def test_rarity_is_never_an_unreadable_number(score: float, freq: str) -> None:
    rarity = explain(replace(ALARM, score=score, p=10.0**-score, freq=freq)).rarity
    assert rarity.startswith("by chance less than once")
    assert "e-" not in rarity
    assert len(rarity) < 50
