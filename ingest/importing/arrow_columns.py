"""Arrow columns from and to NumPy without a copy, and without pandas.

`pa.array` and `to_numpy` load pandas, which takes as long as importing 50,000 events: ordinary imports and folds
get by without them.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def integers(values: npt.NDArray[np.int64]) -> pa.Int64Array:
    """The column of these numbers."""
    return pa.Int64Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values.data)])  # type: ignore[return-value]


def numbers(column: "pa.ChunkedArray[pa.Int64Scalar]") -> npt.NDArray[np.int64]:
    """The numbers of a column that has no nulls."""
    found: npt.NDArray[np.int64] = np.from_dlpack(column.combine_chunks())  # type: ignore[assignment]
    return found


def pieces(data: bytes, starts: npt.NDArray[np.int32]) -> pa.StringArray:
    """The texts of UTF-8 (unchecked) that begin in `data` at `starts`; its last is where they end.

    Both stay in use: `starts` must not change afterwards.
    """
    return pa.StringArray.from_buffers(len(starts) - 1, pa.py_buffer(starts.data), pa.py_buffer(data))


def uuids(column: "pa.ChunkedArray[pa.StringScalar]") -> pa.FixedSizeBinaryArray:
    """The 16 bytes each of UUIDs that are in their usual 36 characters."""
    data = pa.py_buffer(bytes.fromhex("".join(map(str, column.to_pylist())).replace("-", "")))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(column), [None, data])  # type: ignore[return-value]


def texts(values: list[str]) -> pa.StringArray:
    """The column of these texts."""
    data = [value.encode() for value in values]
    return pieces(b"".join(data), np.cumsum([0, *map(len, data)], dtype=np.int32))
