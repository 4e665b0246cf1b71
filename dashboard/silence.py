"""When a source has fallen silent: its pauses so far say how long it may be quiet."""

from datetime import timedelta
from typing import Any

import pandas as pd

FACTOR = 2
"""How many times its longest pause a source may be quiet."""
FEWEST_EVENTS = 20
"""A source with fewer events is not judged."""


def is_silent(ages: Any, pauses: Any, events: Any, least: timedelta) -> "pd.Series[bool]":
    """Whether each source is silent: for more than FACTOR times its longest pause, and more than `least`.

    `ages` are the times since the newest event of each source, `pauses` its longest pause, `events` its events.
    """
    silent: pd.Series[bool] = (ages > FACTOR * pauses) & (ages > least) & (events >= FEWEST_EVENTS)
    return silent
