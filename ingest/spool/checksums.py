"""The checksum at the end of each appended line: the CRC32 of everything before it in its segment.

So the last checksum covers a whole segment, and a line that is missing within it is noticed, too. After the last
line stands a NUL byte, which the next line replaces: a segment without it has lost its end.
"""

import re
from collections.abc import Iterable
from io import BytesIO
from zlib import crc32

END = b"\0"
_FIELD = b',"crc32":"%08x"}\n'
_FIELD_BYTES = len(_FIELD % 0)
_HEXADECIMAL = re.compile(rb"[0-9a-f]{8}")
_CANDIDATES = 8
"""How many damaged lines may follow each other without that the next one is lost with them."""
_DIGITS = slice(-len(b'00000000"}\n'), -len(b'"}\n'))


def with_checksums(lines: Iterable[bytes], checksum: int) -> tuple[bytes, int]:
    """Lines (JSON objects) as a segment holds them, and the checksum of the segment up to their end.

    `checksum` is that of what stands before them, 0 where nothing does.
    """
    parts = []
    for line in lines:
        checksum = crc32(line[:-1], checksum)
        field = _FIELD % checksum
        checksum = crc32(field, checksum)
        parts += [line[:-1], field]
    return b"".join(parts), checksum


def damaged_lines(content: bytes) -> list[int]:
    """The numbers, from 1, of the lines whose checksum does not agree. `content` has whole lines."""
    if content.endswith(_FIELD % crc32(memoryview(content)[:-_FIELD_BYTES])):
        return []
    damaged: list[int] = []
    before = [0]
    for number, line in enumerate(BytesIO(content), start=1):
        sums = [crc32(line[:-_FIELD_BYTES], checksum) for checksum in before]
        intact = [checksum for checksum in sums if line.endswith(_FIELD % checksum)]
        if not intact:
            damaged.append(number)
        # Either the text of a damaged line is wrong or its checksum: the next line goes with the other one.
        candidates = intact or [*sums[-_CANDIDATES:], *_written(line)]
        before = [crc32(_FIELD % checksum, checksum) for checksum in candidates]
    return damaged


def _written(line: bytes) -> list[int]:
    """The checksum that stands at the end of a line; none where there are no digits."""
    digits = line[_DIGITS]
    return [int(digits, 16)] if _HEXADECIMAL.fullmatch(digits) else []
