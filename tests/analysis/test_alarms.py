"""Alarms: neighbours joined, and the sentence a reviewer reads."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import Alarm, detect_fleet, explain
from tests.analysis.spike_series import START, hours

JOINS = [([0], 1), ([0, 1, 2], 1), ([0, 3], 1), ([0, 4], 2), ([0, 3, 6, 9], 1), ([0, 24], 2)]


@pytest.mark.parametrize(("after", "expected"), JOINS)
def test_neighbours_within_three_hours_are_one_alarm(after: list[int], expected: int) -> None:
    counts = np.full(1700, 1.0)
    counts[[1500 + each for each in after]] = 80
    found = detect_fleet(pd.DataFrame({"a": counts, "b": 1.0}, index=hours(11)[:1700]))
    assert len(found) == expected
    assert sum(alarm.total for alarm in found) >= 80 * len(after)
    assert found[0].start == START + pd.Timedelta(hours=1500)
    assert found[-1].end == START + pd.Timedelta(hours=1500 + after[-1] + 1)


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
        {"failed": 38, "new_addresses": 1},
        "support-7: 41 logins 14:00–15:00, usual 3 (limit 9); 38 failed; 1 address never seen before; "
        "by chance less than once in 100 years",
    ),
    (
        LONG,
        {"failed": 0, "new_addresses": 2, "noun": "events"},
        "support-7: 1,097 events 14:00–17:00, 641 of them 14:00–15:00, usual 3 (limit 9); "
        "2 addresses never seen before; by chance less than once in 100 years",
    ),
    (
        replace(NIGHT, expected=0.3, score=2.5),
        {},
        "support-7: 90 logins 2026-03-14 23:00 to 2026-03-15 03:00, 41 of them 14:00–15:00, "
        "usual less than 1 (limit 9); by chance less than once a week",
    ),
    (
        replace(DAY, score=300.0, p=0.0),
        {},
        "support-7: 41 logins on 2026-03-14, usual 3 (limit 9); by chance less than once in a million years",
    ),
]


@pytest.mark.parametrize(("alarm", "known", "sentence"), SENTENCES)
def test_the_sentence_for_an_alarm(alarm: Alarm, known: dict[str, object], sentence: str) -> None:
    assert explain(alarm, tz="Europe/Berlin", **known) == sentence


@given(score=st.floats(0.0, 400.0), freq=st.sampled_from(["1h", "1D"]))
def test_a_sentence_never_shows_an_absurd_number(score: float, freq: str) -> None:
    rarity = explain(replace(ALARM, score=score, p=10.0**-score, freq=freq)).rpartition("; ")[2]
    assert rarity.startswith("by chance less than once")
    assert "e-" not in rarity
    assert len(rarity) < 50
