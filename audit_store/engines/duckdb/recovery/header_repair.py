"""The three headers of a DuckDB file: other versions of them to try on a copy of a file that DuckDB refuses.

A DuckDB file begins with three headers of 4,096 bytes, each with a checksum: the main header, which holds little
but the version, and two database headers, which checkpoints write in turns and which say where the data are.
DuckDB refuses a file in which any of the three is damaged, even in a byte without meaning, although the data
beside it are whole. The checksums of data blocks are never touched: what they say is damaged stays damaged.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from audit_store.engines.duckdb import rw_lock
from audit_store.engines.duckdb.store import Store

HEADER_BYTES = 4096
BLOCK_BYTES = 256 << 10
FIRST_BLOCK = 3 * HEADER_BYTES
_CHECKSUM = re.compile(r"computed checksum (\d+) does not match .* in block at location (\d+)\b")


def copy_without_wal(store: Path, folder: Path, wait: float) -> Path:
    """A copy of the file in `folder`, filled up with zeros to whole blocks; `wait` is in seconds.

    Raises StoreBusy.
    """
    copy = folder / "copy.duckdb"
    with rw_lock.acquired(store, exclusive=True, deadline=time.monotonic() + wait):
        shutil.copyfile(store, copy)
    with copy.open("r+b") as file:
        size = max(file.seek(0, os.SEEK_END), FIRST_BLOCK)
        # The end of the last block may never have been used.
        file.truncate(size + -(size - FIRST_BLOCK) % BLOCK_BYTES)
    return copy


def read_headers(file: Path) -> tuple[bytes, bytes, bytes]:
    """The main header and the two database headers."""
    with file.open("rb") as content:
        return content.read(HEADER_BYTES), content.read(HEADER_BYTES), content.read(HEADER_BYTES)


def write_headers(file: Path, headers: bytes) -> None:
    """Replace the three headers."""
    with file.open("r+b") as content:
        content.write(headers)


def candidates(copy: Path) -> Iterator[bytes]:
    """Three headers at a time to try, the file's own first."""
    new = copy.with_name("new.duckdb")
    with Store(new).write():
        pass
    main, first, second = read_headers(copy)
    for head in (main, read_headers(new)[0]):
        yield head + first + second
        yield head + second * 2
        yield head + first * 2


def correct_checksum(copy: Path, error_text: str) -> bool:
    """Give a header of the copy the checksum that DuckDB's error text computes; False if it names no header."""
    mismatch = _CHECKSUM.search(error_text)
    if mismatch is None or int(mismatch[2]) >= FIRST_BLOCK:
        return False
    with copy.open("r+b") as file:
        file.seek(int(mismatch[2]))
        file.write(int(mismatch[1]).to_bytes(8, "little"))
    return True
