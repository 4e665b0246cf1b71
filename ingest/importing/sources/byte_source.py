"""The content of a file, opened once: unpacked, decoded to UTF-8, with line ends that are line feeds."""

import codecs
import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, cast

from audit_store.errors import InvalidFormat
from ingest.formats.detection import GZIP_MAGIC, PARQUET_MAGIC
from ingest.importing.sources.gzip_members import GzipStream, sound_part
from ingest.importing.sources.stream import DamagedSource, Stream

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


class Content:
    """A readable stream over a file or an open stream (which stays open).

    `done` counts the bytes of the file itself, compressed ones if it is gzip. Where compressed data is damaged, the
    stream ends after the last complete member before; where text is not in the encoding of its byte order mark, before
    the first byte that is not. `damage` says why, once it has ended there. `head` is the first HEAD_BYTES of the
    content, which `read` gives, too. With `check` False, the content of damaged members is given: for a look at the
    beginning. Raises OSError.
    """

    def __init__(self, source: Path | BinaryIO, *, check: bool = True) -> None:
        self.source = source
        self._closing = contextlib.ExitStack()
        if isinstance(source, Path):
            # Unbuffered, because one buffer above the counter is enough.
            self._counted = _Counted(self._closing.enter_context(source.open("rb", buffering=0)))
        else:
            self._counted = _Counted(source)
        self.damage = ""
        file = cast(BinaryIO, io.BufferedReader(self._counted, _PIECE))
        plain = _Begun(file, len(GZIP_MAGIC))
        self._is_packed = plain.beginning == GZIP_MAGIC
        unpacked = _Begun(
            self._unpacked(file, plain, check=check) if self._is_packed else plain, _LONGEST_MARK
        )
        text: Stream = unpacked
        for mark, encoding in _ENCODINGS.items():
            if unpacked.beginning.startswith(mark):
                text = _Utf8(unpacked, mark, encoding)
                break
        self._stream = _Begun(text, HEAD_BYTES)
        self.head = self._stream.beginning
        if not self.head:
            self._piece(1)  # says why, where the content is damaged from the beginning on
        is_text = not self.head.startswith(PARQUET_MAGIC)
        self._is_mac = is_text and b"\r" in self.head and b"\n" not in self.head

    def _unpacked(self, file: BinaryIO, plain: Stream, *, check: bool) -> Stream:
        """The content of a gzip file, which is decompressed twice: first to find out which members are sound."""
        packed = file if self._is_file() else self._copy(plain)
        packed.seek(0)
        sound = sound_part(packed) if check else None
        packed.seek(0)
        return GzipStream(packed, sound)

    def _is_file(self) -> bool:
        return isinstance(self.source, Path) and self.source.is_file()

    def _copy(self, stream: Stream) -> BinaryIO:
        copy = self._closing.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        while piece := stream.read(_PIECE):
            copy.write(piece)
        copy.seek(0)
        return cast(BinaryIO, copy)

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
        except DamagedSource as damage:
            self.damage = str(damage)
            return b""

    def seekable(self) -> Path | BinaryIO:
        """The same from the beginning, for readers that seek: a copy where the file is no plain one on a disk.

        Raises InvalidFormat where the content is damaged: such readers need all of it.
        """
        if isinstance(self.source, Path) and not self._is_packed and self._is_file():
            return self.source
        copy = self._copy(self)
        if self.damage:
            raise InvalidFormat(self.damage)
        return copy

    def close(self) -> None:
        """Close the file if it was opened here."""
        self._closing.close()


class _Begun:
    """A stream whose `beginning`, of at most `size` bytes, is known before it is read."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream = stream
        self.beginning = b""
        self._damage: DamagedSource | None = None
        try:
            while len(self.beginning) < size and (piece := stream.read(size - len(self.beginning))):
                self.beginning += piece
        except DamagedSource as damage:
            self._damage = damage
        self._unread = self.beginning

    def read(self, size: int) -> bytes:
        if self._unread:
            piece, self._unread = self._unread[:size], self._unread[size:]
            return piece
        if self._damage is not None:
            raise self._damage
        return self._stream.read(size)


class _Utf8:
    """Text in another encoding, as UTF-8 without its byte order mark."""

    def __init__(self, text: Stream, mark: bytes, encoding: str) -> None:
        self._text, self._encoding = text, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        text.read(len(mark))
        self._error: UnicodeDecodeError | None = None
        self._is_ended = False

    def read(self, size: int) -> bytes:
        if self._error is not None:
            raise DamagedSource(f"it is not {self._encoding.upper()} any further ({self._error.reason})")
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

    def seekable(self) -> bool:
        return self.file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.count = self.file.seek(offset, whence)
        return self.count

    def readinto(self, buffer: Any) -> int:
        count = cast(io.BufferedIOBase, self.file).readinto(buffer)
        self.count += count
        return count
