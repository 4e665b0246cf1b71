"""How many identical records come before each record of a file."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

# 12 bytes each, and twice that for a moment: about 300 MB.
REMEMBERED = 1 << 23
ERA = 1 << 32


class Ordinals:
    """Counts the records whose content has the same key, across the chunks of one file.

    Exact for the last 8 to 16 million distinct records. Then an era begins, whose ordinals no earlier record
    has: no record is mistaken for an earlier one, and the same file still gives the same ordinals. Only the last half
    of a key is compared: where two keys agree in it, an ordinal is skipped.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._runs: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]] = []
        self._era = 0

    def of(self, ids: "pa.ChunkedArray[pa.FixedSizeBinaryScalar]") -> npt.NDArray[np.int64]:
        """For each key (16 bytes), how many equal keys came before it."""
        keys, indices, counts = np.unique(_last_halves(ids), return_inverse=True, return_counts=True)
        order = np.argsort(indices, kind="stable")
        rank = np.empty(len(indices), np.int64)
        rank[order] = np.arange(len(indices)) - np.repeat(np.cumsum(counts) - counts, counts)
        ordinals = self._era * ERA + self._seen(keys)[indices] + rank
        self._remember(keys, counts.astype(np.uint32))
        return ordinals

    def _seen(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        seen = np.zeros(len(keys), np.int64)
        for run, counts in self._runs:
            # A key beyond the last one is compared with the last one, and differs.
            indices = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            seen += np.where(run[indices] == keys, counts[indices].astype(np.int64), 0)
        return seen

    def _remember(self, keys: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint32]) -> None:
        # Runs at least double in length from last to first, so there are few of them, and keys are moved seldom.
        while self._runs and len(self._runs[-1][0]) < 2 * len(keys):
            run, run_counts = self._runs.pop()
            merged = np.concatenate([run, keys])
            order = np.argsort(merged, kind="stable")
            merged = merged[order]
            starts = np.flatnonzero(np.concatenate([[True], merged[1:] != merged[:-1]]))
            counts = np.add.reduceat(np.concatenate([run_counts, counts])[order], starts, dtype=np.uint32)
            keys = merged[starts]
        self._runs.append((keys, counts))
        if sum(len(run) for run, _ in self._runs) > self._remembered:
            self._runs.clear()
            self._era += 1


def _last_halves(ids: "pa.ChunkedArray[pa.FixedSizeBinaryScalar]") -> npt.NDArray[np.uint64]:
    column = ids.combine_chunks()
    halves = np.frombuffer(memoryview(column.buffers()[1] or b""), np.uint64).reshape(-1, 2)
    last: npt.NDArray[np.uint64] = halves[column.offset : column.offset + len(column), 1]
    return last
