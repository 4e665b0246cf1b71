"""Rows that repeat the one above: the same agent, activity and outcome, within minutes."""

from datetime import timedelta

import pandas as pd

WITHIN = timedelta(minutes=5)
"""The longest time between two rows of which one repeats the other."""
_SAME = ("agent", "activity", "outcome")


def repeats_last(events: pd.DataFrame) -> list[bool]:
    """Whether each row of `events` repeats the one above it. Rows are in any order of `occurred_at`."""
    if events.empty:
        return []
    texts = events[[*_SAME]].fillna("")
    same = (texts == texts.shift()).all(axis=1)
    near = events["occurred_at"].diff().abs() <= WITHIN
    return [bool(repeated) for repeated in same & near]


def counts(repeated: list[bool]) -> list[int]:
    """How many rows below each one repeat it, 0 for those that are repeats themselves.

    >>> counts([False, True, True, False])
    [2, 0, 0, 0]
    """
    numbers, lead = [0] * len(repeated), 0
    for row, repeats in enumerate(repeated):
        if repeats:
            numbers[lead] += 1
        else:
            lead = row
    return numbers
