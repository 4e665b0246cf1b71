"""Where an opened event stands in the list, and which ones are beside it."""

from dataclasses import asdict, dataclass

import pandas as pd

from dashboard import data
from dashboard.log import paging


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An event of the list: its id, and how many of the list are newer."""

    event_id: str
    rank: int


@dataclass(frozen=True, slots=True)
class Place:
    """The events beside one in the list; `rank` is None for one that the filter leaves out."""

    rank: int | None
    newer: Neighbour | None
    older: Neighbour | None


def place(pinned: paging.Pin, index: pd.DataFrame, seq: int) -> Place:
    """The place of the event `seq`; `index` is that of the pages. Raises as `data.surroundings`."""
    rank = data.newer(pinned.whole, seq + 1)
    below = min(seq + 1, pinned.below)
    here = data.page(pinned.where, below=below, skip=0, rows=2, columns=("seq", "event_id"))
    inside = not here.empty and int(here["seq"].iloc[0]) == seq
    rest = here["event_id"].tolist()[inside:]
    return Place(
        rank if inside else None,
        _newer(pinned, index, rank - 1) if rank else None,
        Neighbour(str(rest[0]), rank + inside) if rest else None,
    )


def _newer(pinned: paging.Pin, index: pd.DataFrame, rank: int) -> Neighbour:
    found = data.page(pinned.where, **asdict(paging.locate(index, rank, 1)), rows=1, columns=("event_id",))
    return Neighbour(str(found["event_id"].iloc[0]), rank)
