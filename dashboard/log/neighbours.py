"""The position of an open event in the list, and the events next to it."""

from dataclasses import dataclass

from dashboard import data
from dashboard.log.listing import Listing


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An event of the list; `rank` is the number of newer events in the list."""

    event_id: str
    rank: int


@dataclass(frozen=True, slots=True)
class Position:
    """The position of an event in the list and the events next to it.

    `rank` is None if the filter excludes the event, or if the list has not been read that far (`is_read`).
    """

    rank: int | None
    newer: Neighbour | None
    older: Neighbour | None
    is_read: bool = True


def position(listing: Listing, seq: int) -> Position:
    """The position of the event `seq`; in a search, as far as that has come. Raises as `data.surroundings`."""
    rank = listing.rank(seq)
    if rank is None:
        return Position(None, None, None, is_read=False)
    first = max(rank - 1, 0)
    around = dict(enumerate(listing.seqs(first, rank + 2 - first), first))
    is_listed = around.get(rank) == seq
    rows = data.events_at(list(around.values()), ("seq", "event_id"))
    ids = dict(zip(rows["seq"], rows["event_id"], strict=True))
    newer, older = (
        Neighbour(str(ids[around[place]]), place) if place in around else None
        for place in (rank - 1, rank + is_listed)
    )
    return Position(rank if is_listed else None, newer, older)
