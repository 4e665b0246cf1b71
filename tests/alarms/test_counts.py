"""The hours that are counted, and the gaps among them."""

from datetime import timedelta

import numpy as np
import pandas as pd

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


def test_an_open_range_ends_with_the_log() -> None:
    last = START + timedelta(days=3)
    clock = clock_of(EventFilter(), START, last, NOW + timedelta(days=3000))
    assert (clock.hours[0], clock.hours[-1], len(clock.hours)) == (START, last, 73)
