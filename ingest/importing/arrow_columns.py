"""Arrow columns from and to NumPy without a copy, and without pandas.

`pa.array`, `pa.scalar` and `to_numpy` load pandas, which takes as long as importing 50,000 events. Ordinary imports and
folds do without them.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_UUID_BYTES = pa.binary(16)
_UUID_LENGTH = 36
_HYPHENS = [8, 13, 18, 23]


def integers(values: npt.NDArray[np.int64]) -> pa.Int64Array:
    """The column of these numbers."""
    return pa.Int64Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values.data)])  # type: ignore[return-value]


def numbers(column: "pa.ChunkedArray[Any]") -> npt.NDArray[np.int64]:
    """The numbers of a column that has no nulls."""
    if not len(column):  # to combine no chunks would load pandas
        return np.empty(0, np.int64)
    values: npt.NDArray[np.int64] = np.from_dlpack(column.combine_chunks())  # type: ignore[assignment]
    return values


def pieces(data: bytes, starts: npt.NDArray[np.int32]) -> pa.StringArray:
    """The texts that begin in `data`, UTF-8 (not checked), at `starts`, whose last value is where the last one ends.

    The column uses both without a copy: `starts` must not change afterwards.
    """
    return pa.StringArray.from_buffers(len(starts) - 1, pa.py_buffer(starts.data), pa.py_buffer(data))


def uuids(column: "pa.ChunkedArray[Any]") -> "pa.ChunkedArray[Any]":
    """The 16 bytes of each UUID, a text of the usual 36 characters. Raises ValueError for any other text or null."""
    return pa.chunked_array([_uuid_bytes(chunk) for chunk in column.chunks], type=_UUID_BYTES)  # type: ignore[call-overload,no-any-return]


def _uuid_bytes(texts: "pa.Array[Any]") -> "pa.Array[Any]":
    _, offsets, data = (memoryview(buffer or b"") for buffer in texts.buffers())
    ends = np.frombuffer(offsets, np.int32)[texts.offset :][: len(texts) + 1]
    if texts.null_count or (np.diff(ends) != _UUID_LENGTH).any():
        raise ValueError("a UUID must have 36 characters")
    letters = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]].reshape(-1, _UUID_LENGTH)
    digits = np.delete(letters, _HYPHENS, axis=1).tobytes()
    packed = bytes.fromhex(digits.decode("ascii"))
    if (letters[:, _HYPHENS] != ord("-")).any() or 2 * len(packed) != len(digits):
        raise ValueError("a UUID must be 32 hexadecimal digits and 4 hyphens")
    return pa.FixedSizeBinaryArray.from_buffers(_UUID_BYTES, len(texts), [None, pa.py_buffer(packed)])


def texts(values: list[str]) -> pa.StringArray:
    """The column of these texts."""
    data = [value.encode() for value in values]
    return pieces(b"".join(data), np.cumsum([0, *map(len, data)], dtype=np.int32))


def text(value: str) -> "pa.StringScalar":
    """The text as a scalar, without the search for pandas that `pa.scalar` begins with."""
    return texts([value])[0]
