"""The beginning of a file, by which its format is detected."""

import gzip
import zlib
from pathlib import Path

HEAD_BYTES = 64 * 1024
GZIP_MAGIC = b"\x1f\x8b"


def read_head(path: Path) -> tuple[str, str]:
    """The first 64 KiB of a file as text, decompressed, and its extension without `.gz`. Raises OSError.

    Blank lines at the beginning are left out, and bytes that are not UTF-8 replaced.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(GZIP_MAGIC):
        head = _decompressed_head(path)
    name = path.name.lower().removesuffix(".gz")
    return head.decode("utf-8-sig", errors="replace").lstrip(), "." + name.rpartition(".")[2]


def _decompressed_head(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(HEAD_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b""
