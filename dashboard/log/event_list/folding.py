"""Rows that fold into another one: repeats of the row above, and the events of one request or session."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import pandas as pd

from audit_store.catalogue import Catalogue
from audit_store.quantities import counted
from dashboard.log.event_list import metadata_values

FOLDS = {"repeats": "Repeats", "request": "Requests", "session": "Sessions"}
"""What rows can be folded by, with labels."""
WITHIN = timedelta(minutes=5)
"""The longest time between two rows of which one repeats the other."""
_SAME = ("agent", "activity", "outcome")
_OF = {
    "repeats": f"of this agent, activity and outcome within {WITHIN // timedelta(minutes=1)} minutes",
    "request": "of this request on this page",
    "session": "of this session on this page",
}


def leads(events: pd.DataFrame, fold: str, catalogue: Catalogue) -> list[int]:
    """The position of the row that each row of `events` folds into: an earlier one, or its own.

    `fold` is one of FOLDS, or "" for none. Rows are in any order of `occurred_at`.
    """
    if fold == "repeats":
        return list(_first_of_run(repeats_last(events)))
    if reads_metadata(fold):
        paths = catalogue.request if fold == "request" else catalogue.session
        return _first_with([metadata_values.first_of(text, paths) for text in events["metadata"]])
    return list(range(len(events)))


def reads_metadata(fold: str) -> bool:
    """Whether the metadata of events says which rows fold."""
    return fold in ("request", "session")


def repeats_last(events: pd.DataFrame) -> list[bool]:
    """Whether each row of `events` repeats the one above it."""
    if events.empty:
        return []
    texts = events[[*_SAME]].fillna("")
    same = (texts == texts.shift()).all(axis=1)
    near = events["occurred_at"].diff().abs() <= WITHIN
    return [bool(repeated) for repeated in same & near]


def labels(events: pd.DataFrame, leading: Sequence[int], fold: str) -> Mapping[int, tuple[str, str]]:
    """For each row with others folded into it: how many events it stands for, in short and as a sentence.

    Failures among them are counted unless all failed, so that a folded row does not hide them.
    """
    sizes = Counter(leading)
    failures = Counter(
        lead for lead, outcome in zip(leading, events["outcome"], strict=True) if outcome == "failure"
    )
    return {row: _label(size, failures[row], fold) for row, size in sizes.items() if size > 1}


def _label(events: int, failures: int, fold: str) -> tuple[str, str]:
    some = f", {failures} failed" if 0 < failures < events else ""
    return f"× {events}{some}", f"{counted(events, 'event')} {_OF[fold]}{some}"


def _first_of_run(repeated: Sequence[bool]) -> Iterator[int]:
    lead = 0
    for row, repeats in enumerate(repeated):
        lead = lead if repeats else row
        yield lead


def _first_with(values: Sequence[tuple[str, str] | None]) -> list[int]:
    """The first position of each value; its own of a row without one."""
    first: dict[tuple[str, str], int] = {}
    return [row if value is None else first.setdefault(value, row) for row, value in enumerate(values)]
