"""The content of a file, decompressed if it is gzip, and how far the file has been read."""

import gzip
import io
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from ingest.formats.detection import GZIP_MAGIC

_PIECE = 128 * 1024


class Content:
    """A readable stream over a file or an open stream (which stays open).

    `done` counts the bytes of the file itself, compressed ones if it is gzip. Where compressed data ends early or is
    damaged, the stream ends, and `damage` says why.
    """

    def __init__(self, source: Path | BinaryIO) -> None:
        self._source = source
        # Unbuffered, because one buffer above the counter is enough.
        self._counted = _Counted(source.open("rb", buffering=0) if isinstance(source, Path) else source)
        self._plain = io.BufferedReader(self._counted, _PIECE)
        is_gzip = self._plain.peek(2)[:2] == GZIP_MAGIC
        self._gzip = gzip.GzipFile(fileobj=self._plain) if is_gzip else None
        self.damage = ""

    @property
    def done(self) -> int:
        """How many bytes of the file have been read."""
        return self._counted.count

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        if self._gzip is None:
            return self._plain.read(size)
        # Piece by piece, because a read that meets damage gives nothing.
        pieces: list[bytes] = []
        while size > 0 and (piece := self._decompressed(self._gzip, min(size, _PIECE))):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _decompressed(self, file: gzip.GzipFile, size: int) -> bytes:
        if self.damage:
            return b""
        try:
            return file.read1(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.damage = str(error)
            return b""

    def seekable(self) -> Path | BinaryIO:
        """The same from the beginning, for readers that seek; reads a stream into memory."""
        return self._source if isinstance(self._source, Path) else io.BytesIO(self._plain.read())

    def close(self) -> None:
        """Close the file if it was opened here."""
        if isinstance(self._source, Path):
            self._counted.file.close()


class _Counted(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self.file, self.count = file, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = cast(io.BufferedIOBase, self.file).readinto(buffer)
        self.count += count
        return count
