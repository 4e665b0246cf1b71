"""The hours that are counted, and the gaps among them."""

from datetime import timedelta

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from alarms.collection_gaps import is_collected
from alarms.counts import clock_of
from audit_store.filters import EventFilter
from tests.alarms.login_logs import NOW, START


def test_nights_and_weekends_are_no_gaps() -> None:
    hours = pd.date_range(START, periods=8 * 168, freq="1h")
    events = np.where((hours.hour >= 8) & (hours.hour < 18) & (hours.day_of_week < 5), 5.0, 0.0)
    assert is_collected(events, hours, NOW).all()
    short = np.zeros(100)
    assert is_collected(short, hours[:100], NOW).all()


def test_what_comes_later_does_not_change_whether_an_outage_was_one() -> None:
    hours = pd.date_range(START, periods=10 * 168, freq="1h")
    events = np.full(len(hours), 5.0)
    outage = slice(4 * 168, 4 * 168 + 12)
    events[outage] = 0.0
    # From the sixth week on, events come at one hour of the day only.
    events[5 * 168 :] = np.where(hours[5 * 168 :].hour == 23, 5.0, 0.0)
    collected = is_collected(events, hours, NOW)
    assert np.flatnonzero(~collected[: 5 * 168]).tolist() == list(range(len(hours)))[outage]


@given(seed=st.integers(0, 10_000), share=st.floats(0.01, 0.99), cut=st.integers(1, 8 * 168 - 1))
def test_an_hour_is_judged_by_the_weeks_before_it_and_its_own_run_of_silence(
    seed: int, share: float, cut: int
) -> None:
    chance = np.random.default_rng(seed)
    hours = pd.date_range(START, periods=8 * 168, freq="1h")
    events = np.where(chance.random(len(hours)) < share, 5.0, 0.0)
    for start in chance.integers(0, len(hours), 4):
        events[start : start + chance.integers(1, 80)] = 0.0
    whole, part = is_collected(events, hours, NOW), is_collected(events[:cut], hours[:cut], NOW)
    busy = np.flatnonzero(events[:cut])
    settled = cut if events[cut] else int(busy[-1]) + 1 if len(busy) else 0
    assert (whole[:settled] == part[:settled]).all()


def test_an_open_range_ends_with_the_log() -> None:
    last = START + timedelta(days=3)
    clock = clock_of(EventFilter(), START, last, NOW + timedelta(days=3000))
    assert (clock.hours[0], clock.hours[-1], len(clock.hours)) == (START, last, 73)
