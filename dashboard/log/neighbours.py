"""The position of an open event in the list, and the events next to it."""

from dataclasses import asdict, dataclass

import pandas as pd

from dashboard import data
from dashboard.log import paging


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An event of the list; `rank` is the number of newer events in the list."""

    event_id: str
    rank: int


@dataclass(frozen=True, slots=True)
class Position:
    """The position of an event in the list and the events next to it; `rank` is None if the filter excludes it."""

    rank: int | None
    newer: Neighbour | None
    older: Neighbour | None


def position(pinned: paging.Pin, index: pd.DataFrame, seq: int) -> Position:
    """The position of the event `seq`; `index` has the rows of `data.page_index`. Raises as `data.surroundings`."""
    rank = data.newer(pinned.whole, seq + 1)
    below = min(seq + 1, pinned.below)
    here = data.page(pinned.where, below=below, skip=0, rows=2, columns=("seq", "event_id"))
    is_listed = not here.empty and int(here["seq"].iloc[0]) == seq
    older = here["event_id"].tolist()[is_listed:]
    return Position(
        rank if is_listed else None,
        _newer(pinned, index, rank - 1) if rank else None,
        Neighbour(str(older[0]), rank + is_listed) if older else None,
    )


def _newer(pinned: paging.Pin, index: pd.DataFrame, rank: int) -> Neighbour:
    row = data.page(pinned.where, **asdict(paging.locate(index, rank, 1)), rows=1, columns=("event_id",))
    return Neighbour(str(row["event_id"].iloc[0]), rank)
