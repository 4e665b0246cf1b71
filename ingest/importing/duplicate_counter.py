"""Which of several identical records of a file one is."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# 12 bytes each, and twice that for a moment: about 300 MB.
REMEMBERED = 1 << 23
ERA = 1 << 32


class Ordinals:
    """Counts the records with the same key of their content, across the chunks of one file.

    Exact for the last 8 to 16 million distinct records. Then an era begins, whose ordinals no earlier record
    has: no record is taken for an earlier one, and the same file still gives the same ordinals. Only the
    last half of a key is compared, which costs nothing but a gap in the ordinals where two agree.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._runs: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]] = []
        self._era = 0

    def of(self, ids: "pa.ChunkedArray[pa.FixedSizeBinaryScalar]") -> npt.NDArray[np.int64]:
        """For each key (16 bytes), how many of the same came before it."""
        keys, place, counts = np.unique(_ends(ids), return_inverse=True, return_counts=True)
        order = np.argsort(place, kind="stable")
        rank = np.empty(len(place), np.int64)
        rank[order] = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        ordinals = self._era * ERA + self._seen(keys)[place] + rank
        self._remember(keys, counts.astype(np.uint32))
        return ordinals

    def _seen(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        seen = np.zeros(len(keys), np.int64)
        for known, counts in self._runs:
            # A key beyond the last one is compared with the last one, and differs.
            at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
            seen += np.where(known[at] == keys, counts[at].astype(np.int64), 0)
        return seen

    def _remember(self, keys: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint32]) -> None:
        # Runs at least double in length from last to first, so there are few, and each key is seldom moved.
        while self._runs and len(self._runs[-1][0]) < 2 * len(keys):
            known, known_counts = self._runs.pop()
            both = np.concatenate([known, keys])
            order = np.argsort(both, kind="stable")
            both = both[order]
            starts = np.flatnonzero(np.concatenate([[True], both[1:] != both[:-1]]))
            counts = np.add.reduceat(np.concatenate([known_counts, counts])[order], starts, dtype=np.uint32)
            keys = both[starts]
        self._runs.append((keys, counts))
        if sum(len(known) for known, _ in self._runs) > self._remembered:
            self._runs.clear()
            self._era += 1


def _ends(ids: "pa.ChunkedArray[pa.FixedSizeBinaryScalar]") -> npt.NDArray[np.uint64]:
    column = ids.combine_chunks()
    halves = np.frombuffer(memoryview(column.buffers()[1] or b""), np.uint64).reshape(-1, 2)
    ends: npt.NDArray[np.uint64] = halves[column.offset : column.offset + len(column), 1]
    return ends
