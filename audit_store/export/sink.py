"""A file in memory for writers that cannot wait: what they write is taken out piece by piece."""

import io
from typing import Any


class Sink(io.RawIOBase):
    """A file whose content is taken out as it is written."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def tell(self) -> int:
        return self._length

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
