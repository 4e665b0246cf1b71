"""Compares an exported file with its manifest and says where they differ."""

import glob
import hashlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from pathlib import Path
from typing import BinaryIO

from audit_store.errors import InvalidFormat
from audit_store.export import manifest
from audit_store.export.manifest import Block, Manifest
from audit_store.quantities import counted

_CHUNK = 1 << 20


def check(file: Path, manifest_file: Path | None = None) -> list[str]:
    """What is wrong with an exported file, in sentences; an empty list if it is what its manifest says.

    The manifest is FILE.manifest.json unless another is given. Raises OSError for a file that cannot be read.
    """
    with file.open("rb") as content:
        path = manifest_file or manifest.path_of(file)
        if not path.exists():
            return [_without_manifest(file, path)]
        try:
            expected, untouched = manifest.read(path.read_text(encoding="utf-8"))
        except (InvalidFormat, UnicodeDecodeError) as error:
            return [f"the manifest {path} cannot be used: {error}"]
        if not untouched:
            return [f"the manifest {path} was changed after it was written: its own hash does not match"]
        if not _adds_up(expected):
            return [f"the manifest {path} contradicts itself: its blocks are not as long as the file"]
        return _differences(content, file.stat().st_size, expected)


def _without_manifest(file: Path, path: Path) -> str:
    left = sorted(part.name for part in file.parent.glob(f"{glob.escape(file.name)}.*.part*"))
    if not left or path != manifest.path_of(file):
        return f"the manifest {path} does not exist, so {file} cannot be checked"
    return (
        f"the export was interrupted, and the file has no manifest: it may be the earlier one; export it again, and "
        f"delete {', '.join(left)}"
    )


def _adds_up(expected: Manifest) -> bool:
    blocks = expected.blocks
    return (sum(block.bytes for block in blocks), sum(block.events for block in blocks)) == (
        expected.bytes,
        expected.events,
    )


def _differences(content: BinaryIO, size: int, expected: Manifest) -> list[str]:
    blocks = expected.blocks
    ends = list(accumulate((block.bytes for block in blocks), initial=0))
    if size == expected.bytes:
        wrong = [
            position for position, block in enumerate(blocks) if not _holds(content, ends[position], block)
        ]
        return [f"{_where(run, blocks, ends)} changed" for run in _runs(wrong)]
    good = _good_from_start(content, blocks, ends)
    grown = size - expected.bytes
    if good == len(blocks):
        return [f"{counted(grown, 'byte')} follow the last event: something was added at the end"]
    if size <= ends[good + 1] and grown < 0:
        whole = sum(block.events for block in blocks[:good])
        return [
            f"the file is cut off: it has {size:,} of {expected.bytes:,} bytes; the first {whole:,} of "
            f"{expected.events:,} events are surely whole"
        ]
    tail = _good_from_end(content, blocks, ends, grown, good)
    change = f"{counted(abs(grown), 'byte')} {'more' if grown > 0 else 'less'} than there were"
    return [f"{_where(range(good, len(blocks) - tail), blocks, ends)} changed: there are {change}"]


def _good_from_start(content: BinaryIO, blocks: Sequence[Block], ends: Sequence[int]) -> int:
    for position, block in enumerate(blocks):
        if not _holds(content, ends[position], block):
            return position
    return len(blocks)


def _good_from_end(
    content: BinaryIO, blocks: Sequence[Block], ends: Sequence[int], grown: int, good: int
) -> int:
    """How many of the last blocks are there, moved by what was put in or taken out before them."""
    for count, position in enumerate(reversed(range(good, len(blocks)))):
        start = ends[position] + grown
        if start < ends[good] or not _holds(content, start, blocks[position]):
            return count
    return max(len(blocks) - good - 1, 0)


def _holds(content: BinaryIO, start: int, block: Block) -> bool:
    content.seek(start)
    digest, left = hashlib.sha256(), block.bytes
    while left and (data := content.read(min(left, _CHUNK))):
        digest.update(data)
        left -= len(data)
    return not left and digest.hexdigest() == block.sha256


def _runs(positions: Sequence[int]) -> Iterator[range]:
    for _, group in groupby(enumerate(positions), lambda pair: pair[1] - pair[0]):
        members = [position for _, position in group]
        yield range(members[0], members[-1] + 1)


def _where(run: range, blocks: Sequence[Block], ends: Sequence[int]) -> str:
    before = sum(block.events for block in blocks[: run.start])
    events = sum(block.events for block in blocks[run.start : run.stop])
    position = f"bytes {ends[run.start]:,}–{ends[run.stop] - 1:,}"
    if not events:
        return f"{position} (no event begins or ends there)"
    return f"events {before + 1:,}–{before + events:,} of the file ({position})"
