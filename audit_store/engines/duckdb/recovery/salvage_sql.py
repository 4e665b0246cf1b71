"""The statements of a repair: what of a store can be read, and a new store made of it."""

from datetime import datetime

from audit_store.engines.protocol import Query
from audit_store.event import COLUMNS

_COLUMNS = ", ".join(COLUMNS)


def log_end() -> Query:
    """One row: how many events there are, and the last seq (NULL without events)."""
    return Query("SELECT count(*) AS events, max(seq) AS last FROM events")


def readable(first: int, last: int) -> Query:
    """One row: events in [first, last] of seq; every value of theirs is read for it."""
    return Query(
        f"SELECT count(*) AS events, bit_xor(hash({_COLUMNS})) AS read FROM events "
        "WHERE seq BETWEEN $first AND $last",
        {"first": first, "last": last},
    )


def seqs(first: int, last: int) -> Query:
    """Rows seq in [first, last]."""
    return Query("SELECT seq FROM events WHERE seq BETWEEN $first AND $last", {"first": first, "last": last})


def folded() -> Query:
    """Rows of `folded_segments`."""
    return Query("SELECT * FROM folded_segments")


def identify(store_id: str, created_at: datetime) -> Query:
    """Give a new store the identity of the one it replaces."""
    params = {"store_id": store_id, "created_at": created_at}
    return Query("UPDATE store_info SET store_id = $store_id, created_at = $created_at", params)


def insert_saved(table: str) -> Query:
    """Append the rows of the registered table `saved` to `events` or `folded_segments`."""
    if table not in ("events", "folded_segments"):
        raise ValueError(f"{table!r} is not saved")
    return Query(f"INSERT INTO {table} SELECT * FROM saved")
