"""The content of a gzip file (RFC 1952), of which a member counts only once its checksum is right."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from ingest.importing.sources.stream import DamagedSource

_WITH_GZIP_HEADER = 31
# Deflate makes at most 1032 bytes of one.
_PACKED_PIECE = 16 * 1024


class Sound(NamedTuple):
    """How many bytes of content the complete members from the beginning on hold, and what is wrong after them."""

    size: int
    damage: str


def sound_part(packed: BinaryIO) -> Sound:
    """Decompress a file once, from its position on, to find out how much of it is sound."""
    size = sound = 0
    try:
        for piece, is_end_of_member in _pieces(packed):
            size += len(piece)
            if is_end_of_member:
                sound = size
    except DamagedSource as damage:
        return Sound(sound, str(damage))
    return Sound(sound, "")


class GzipStream:
    """The content of a gzip file from its position on, up to the end of its sound part where that is known."""

    def __init__(self, packed: BinaryIO, sound: Sound | None = None) -> None:
        self._pieces = _pieces(packed)
        self._sound = sound
        self._left = sound.size if sound else 0
        self._piece = memoryview(b"")

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end. Raises DamagedSource."""
        if self._sound:
            size = min(size, self._left)
            if not size and self._sound.damage:
                raise DamagedSource(self._sound.damage)
        while size and not self._piece and (following := next(self._pieces, None)):
            self._piece = memoryview(following[0])
        content, self._piece = bytes(self._piece[:size]), self._piece[size:]
        self._left -= len(content)
        return content


def _pieces(packed: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The content in pieces, and whether a member ends with this one; then its checksum is right."""
    member, is_begun = zlib.decompressobj(_WITH_GZIP_HEADER), False
    while data := packed.read(_PACKED_PIECE):
        while data := data if is_begun else data.lstrip(b"\0"):  # zeros may follow a member
            try:
                piece = member.decompress(data)
            except zlib.error as error:
                raise _damaged(error, is_begun=is_begun) from error
            yield piece, member.eof
            data, is_begun = member.unused_data, not member.eof
            if member.eof:
                member = zlib.decompressobj(_WITH_GZIP_HEADER)
    if is_begun:
        raise DamagedSource("its gzip data is damaged: it ends within a member; copy the file again")


def _damaged(error: zlib.error, *, is_begun: bool) -> DamagedSource:
    if "data check" in str(error) or "length check" in str(error):
        what = "the checksum of a member is wrong"
    elif is_begun or "header" not in str(error):
        what = "a member cannot be decompressed"
    else:
        what = "what follows a member is not gzip"
    return DamagedSource(f"its gzip data is damaged: {what}; copy the file again")
