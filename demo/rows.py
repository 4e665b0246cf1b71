"""Rows: events as columns, until they are written out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Milliseconds since 1970, the agent's name, an index of Phrases.bodies, an address, an index of the clients.
ROW = np.dtype([("time", "i8"), ("agent", "O"), ("body", "i4"), ("address", "O"), ("client", "i1")])
Rows = NDArray[np.void]


def rows(time: NDArray[np.int64], agent: str, body: NDArray[np.int64], address: Any, client: Any) -> Rows:
    """One row for each `time`; the other columns are as long, or one value for all."""
    table = np.empty(len(time), dtype=ROW)
    table["time"], table["agent"], table["body"] = time, agent, body
    table["address"], table["client"] = address, client
    return table
