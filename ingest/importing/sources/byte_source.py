"""The content of a file, opened once: unpacked, decoded to UTF-8, with line ends that are line feeds."""

import codecs
import contextlib
import gzip
import io
import tempfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from ingest.formats.detection import GZIP_MAGIC, PARQUET_MAGIC

HEAD_BYTES = 64 * 1024
_PIECE = 128 * 1024
# That of UTF-32 begins with that of UTF-16.
_ENCODINGS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LONGEST_MARK = 4


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`; none at the end. Raises _Damaged."""
        ...


class _Damaged(Exception):
    """What follows cannot be read; the message says why."""


class Content:
    """A readable stream over a file or an open stream (which stays open).

    `done` counts the bytes of the file itself, compressed ones if it is gzip. Where compressed data ends early or is
    damaged, or text is not in the encoding of its byte order mark, the stream ends, and `damage` says why. `head` is
    the first HEAD_BYTES of the content, which `read` gives, too. Raises OSError.
    """

    def __init__(self, source: Path | BinaryIO) -> None:
        self.source = source
        self._closing = contextlib.ExitStack()
        if isinstance(source, Path):
            # Unbuffered, because one buffer above the counter is enough.
            self._counted = _Counted(self._closing.enter_context(source.open("rb", buffering=0)))
        else:
            self._counted = _Counted(source)
        self.damage = ""
        plain = _Begun(io.BufferedReader(self._counted, _PIECE), len(GZIP_MAGIC))
        self._is_packed = plain.beginning == GZIP_MAGIC
        unpacked = _Begun(_Gzip(plain) if self._is_packed else plain, _LONGEST_MARK)
        text: _Stream = unpacked
        for mark, encoding in _ENCODINGS.items():
            if unpacked.beginning.startswith(mark):
                text = _Utf8(unpacked, mark, encoding)
                break
        self._stream = _Begun(text, HEAD_BYTES)
        self.head = self._stream.beginning
        is_text = not self.head.startswith(PARQUET_MAGIC)
        self._is_mac = is_text and b"\r" in self.head and b"\n" not in self.head

    @property
    def done(self) -> int:
        """How many bytes of the file have been read."""
        return self._counted.count

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        pieces = []
        while size > 0 and (piece := self._piece(size)):
            pieces.append(piece)
            size -= len(piece)
        content = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return content.replace(b"\r", b"\n") if self._is_mac else content

    def _piece(self, size: int) -> bytes:
        if self.damage:
            return b""
        try:
            return self._stream.read(size)
        except _Damaged as damage:
            self.damage = str(damage)
            return b""

    def seekable(self) -> Path | BinaryIO:
        """The same from the beginning, for readers that seek: a copy where the file is no plain one on a disk."""
        if isinstance(self.source, Path) and not self._is_packed and self.source.is_file():
            return self.source
        copy = self._closing.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        while piece := self.read(_PIECE):
            copy.write(piece)
        copy.seek(0)
        return copy

    def close(self) -> None:
        """Close the file if it was opened here."""
        self._closing.close()


class _Begun:
    """A stream whose `beginning`, of at most `size` bytes, is known before it is read."""

    def __init__(self, stream: _Stream, size: int) -> None:
        self._stream = stream
        self.beginning = b""
        self._damage: _Damaged | None = None
        try:
            while len(self.beginning) < size and (piece := stream.read(size - len(self.beginning))):
                self.beginning += piece
        except _Damaged as damage:
            self._damage = damage
        self._unread = self.beginning

    def read(self, size: int) -> bytes:
        if self._unread:
            piece, self._unread = self._unread[:size], self._unread[size:]
            return piece
        if self._damage is not None:
            raise self._damage
        return self._stream.read(size)


class _Gzip:
    """What the members of a gzip file hold."""

    def __init__(self, packed: _Stream) -> None:
        self._file = gzip.GzipFile(fileobj=cast(BinaryIO, packed))

    def read(self, size: int) -> bytes:
        # Piece by piece, because a read that meets damage gives nothing.
        try:
            return self._file.read1(min(size, _PIECE))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _Damaged(f"it could not be decompressed further ({error})") from error


class _Utf8:
    """Text in another encoding, as UTF-8 without its byte order mark."""

    def __init__(self, text: _Stream, mark: bytes, encoding: str) -> None:
        self._text, self._encoding = text, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        text.read(len(mark))
        self._error: UnicodeDecodeError | None = None
        self._is_ended = False

    def read(self, size: int) -> bytes:
        if self._error is not None:
            raise _Damaged(f"it is not {self._encoding.upper()} any further ({self._error.reason})")
        while not self._is_ended:
            piece = self._text.read(size)
            self._is_ended = not piece
            try:
                text = self._decoder.decode(piece, final=self._is_ended)
            except UnicodeDecodeError as error:
                self._error = error
                text = bytes(error.object[: error.start]).decode(self._encoding)
            if text:
                return text.encode()
            if self._error is not None:
                return self.read(size)
        return b""


class _Counted(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self.file, self.count = file, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = cast(io.BufferedIOBase, self.file).readinto(buffer)
        self.count += count
        return count
