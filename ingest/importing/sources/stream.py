"""What the layers of a file's content share: a stream of bytes, which may end in damage."""

from typing import Protocol


class Stream(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end. Raises DamagedSource."""
        ...


class DamagedSource(Exception):
    """What follows cannot be read; the message says why, and what to do."""
