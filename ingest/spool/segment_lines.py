"""The lines of segments of text, after a look at their checksums."""

import os
import time
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

from audit_store.store_files import batch_content
from ingest.formats.detection import GZIP_MAGIC
from ingest.importing.sources.frames import shown
from ingest.rejects import Rejected
from ingest.spool import checksums
from ingest.spool.intake import open_segment
from ingest.spool.segment_names import is_appended, is_renamed

Statuses: TypeAlias = dict[str, os.stat_result]
"""The owners and modes of files, by stem, as they were when each was read."""

# Seconds. A writer whose segment was taken over may be in the middle of a line.
_WHOLE_LINE_WAITS = (0.001, 0.01, 0.05, 0.0)
COMPRESSED = "it is compressed; unpack it, or import it with python -m ingest import"
"""Why a file is refused whose lines cannot be counted before it is unpacked."""
_DAMAGED = "the line was damaged after it was written (its checksum is wrong)"
_NO_END = (
    "the file ends here without its end mark: its writer was killed while it wrote this line, or the end of the file "
    "was lost"
)
_BATCH_DAMAGED = (
    "the batch was damaged after it was written (it is not what the checksum in its name says); "
    "none of its {} events is stored"
)


@dataclass(frozen=True, slots=True)
class SegmentLines:
    """Whole lines of a segment, each with its line end; their numbers in it, from 1; and what is rejected of it."""

    segment: Path
    text: bytes
    numbers: npt.NDArray[np.int64]
    rejects: Sequence[Rejected] = ()


def has_checksums(segment: Path) -> bool:
    """Whether the name of a segment says that its content can be checked."""
    return is_appended(segment.name) or batch_content(segment.name) is not None


def lines_of(segment: Path, statuses: Statuses) -> SegmentLines:
    """The lines of a segment; those that were damaged are rejected. Adds its status by its stem. Raises OSError."""
    if is_appended(segment.name):
        return _appended(segment, statuses)
    if (batch := batch_content(segment.name)) is not None:
        return _batch(segment, statuses, *batch)
    content = content_of(segment, statuses)
    if content.startswith(GZIP_MAGIC):
        return _refused(segment, COMPRESSED)
    content = content.removeprefix(BOM_UTF8)
    if not is_renamed(segment.name):  # of an earlier version, with the room that its writer kept ready
        content = content.rstrip(b"\0")
    return _all(segment, content if content.endswith(b"\n") else content + b"\n")


def content_of(segment: Path, statuses: Statuses) -> bytes:
    """The bytes of a segment. Adds its status by its stem. Raises OSError."""
    with open_segment(segment) as file:
        statuses[segment.stem] = os.fstat(file.fileno())
        return file.read()


def _all(segment: Path, text: bytes) -> SegmentLines:
    return SegmentLines(segment, text, np.arange(1, text.count(b"\n") + 1))


def _batch(segment: Path, statuses: Statuses, events: int, checksum: int) -> SegmentLines:
    lines = _all(segment, content_of(segment, statuses))
    if len(lines.numbers) == events and crc32(lines.text) == checksum:
        return lines
    return _refused(segment, _BATCH_DAMAGED.format(events))


def _refused(segment: Path, reason: str) -> SegmentLines:
    return SegmentLines(
        segment, b"", np.empty(0, np.int64), [Rejected(segment.name, 1, f"file: {reason}", "")]
    )


def _appended(segment: Path, statuses: Statuses) -> SegmentLines:
    text, is_whole = _read_appended(segment, statuses)
    damaged = dict.fromkeys(checksums.damaged_lines(text), _DAMAGED)
    lines = _all(segment, text)
    if is_whole and not damaged:
        return lines
    last = len(lines.numbers)
    if not is_whole:
        damaged[last if last in damaged else last + 1] = _NO_END
    texts = dict(enumerate(BytesIO(text), start=1))
    rejects = [
        Rejected(segment.name, number, reason, shown(texts.get(number, b"").removesuffix(b"\n")))
        for number, reason in damaged.items()
    ]
    kept = [number for number in texts if number not in damaged]
    return SegmentLines(
        segment, b"".join(texts[number] for number in kept), np.array(kept, np.int64), rejects
    )


def _read_appended(segment: Path, statuses: Statuses) -> tuple[bytes, bool]:
    """The lines of an appended segment, and whether its end is there; a last line that stays unfinished is ended."""
    for pause in _WHOLE_LINE_WAITS:
        content = content_of(segment, statuses)
        text = content.rstrip(checksums.END)  # also the room that its writer kept ready
        is_whole = content.endswith(checksums.END)
        # A read beside a write may find the end mark, or room, before bytes that follow it.
        if is_whole and text.endswith(b"\n") and checksums.END not in text:
            break
        time.sleep(pause)
    return text if text.endswith(b"\n") else text + b"\n", is_whole
