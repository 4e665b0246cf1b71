"""Compares an exported file with its manifest and says where they differ."""

import glob
import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from audit_store.errors import InvalidFormat
from audit_store.export import manifest
from audit_store.export.manifest import Block, Manifest
from audit_store.quantities import counted

_CHUNK = 1 << 20
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Compared(NamedTuple):
    """What is wrong with an exported file, in sentences, and its manifest; None if that cannot be read."""

    differences: list[str]
    manifest: Manifest | None


def check(file: Path, manifest_file: Path | None = None) -> list[str]:
    """The differences of `compare`: an empty list if an exported file is what its manifest says."""
    return compare(file, manifest_file).differences


def compare(file: Path, manifest_file: Path | None = None) -> Compared:
    """Compare an exported file with its manifest.

    The manifest is FILE.manifest.json unless another is given. FILE may be the ZIP file of a download, which holds
    both. Raises OSError for a file that cannot be read.
    """
    with file.open("rb") as content:
        path = manifest_file or manifest.path_of(file)
        if path.exists():
            return _compared(content, file.stat().st_size, str(path), path.read_bytes())
        if manifest_file is None and zipfile.is_zipfile(content):
            return _in_archive(content)
        return Compared([_without_manifest(file, path)], None)


def _in_archive(content: BinaryIO) -> Compared:
    try:
        with zipfile.ZipFile(content) as packed:
            names = packed.namelist()
            listed = [name for name in names if name.endswith(manifest.SUFFIX)]
            exported = [name.removesuffix(manifest.SUFFIX) for name in listed]
            is_download = len(exported) == 1 and exported[0] in names
            if not is_download or any(
                packed.getinfo(name).compress_type not in _COMPRESSIONS for name in names
            ):
                return Compared(["the ZIP file does not hold one exported file and its manifest"], None)
            with packed.open(exported[0]) as member:
                size = packed.getinfo(exported[0]).file_size
                return _compared(cast(BinaryIO, member), size, listed[0], packed.read(listed[0]))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        return Compared([f"the ZIP file is damaged: {error}"], None)


def _compared(content: BinaryIO, size: int, name: str, text: bytes) -> Compared:
    try:
        expected, untouched = manifest.read(text.decode())
    except (InvalidFormat, UnicodeDecodeError) as error:
        return Compared([f"the manifest {name} cannot be used: {error}"], None)
    if not untouched:
        changed = f"the manifest {name} was changed after it was written: its own hash does not match"
        return Compared([changed], expected)
    if not _adds_up(expected):
        return Compared(
            [f"the manifest {name} contradicts itself: its blocks are not as long as the file"], expected
        )
    return Compared(_differences(content, size, expected), expected)


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
