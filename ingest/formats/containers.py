"""Files that hold a log and are none themselves, by their first bytes: archives, compressed files and databases."""

from typing import NamedTuple


class _Container(NamedTuple):
    signature: bytes
    kind: str
    remedy: str
    offset: int = 0


_IMPORT = "| python -m ingest import -"
_CONTAINERS = (
    _Container(
        b"PK\x03\x04", "a ZIP archive or a workbook", f"unzip -p {{}} {_IMPORT}; save a workbook as CSV"
    ),
    _Container(b"\xfd7zXZ\0", "compressed with xz", f"xz -dc {{}} {_IMPORT}"),
    _Container(b"1AY&SY", "compressed with bzip2", f"bzip2 -dc {{}} {_IMPORT}", 4),
    _Container(b"\x28\xb5\x2f\xfd", "compressed with zstd", f"zstd -dc {{}} {_IMPORT}"),
    _Container(b"\x04\x22\x4d\x18", "compressed with LZ4", f"lz4 -dc {{}} {_IMPORT}"),
    _Container(b"7z\xbc\xaf\x27\x1c", "a 7z archive", f"7z x -so {{}} {_IMPORT}"),
    _Container(b"ustar", "a tar archive", f"tar -xOf {{}} {_IMPORT}", 257),
    _Container(b"ElfFile\0", "an event log of Windows", f"evtx_dump -o jsonl {{}} {_IMPORT}"),
    _Container(b"SQLite format 3\0", "an SQLite database", "export a table of it as CSV"),
    _Container(b"DUCK", "a DuckDB database", "export a table of it as Parquet", 8),
    _Container(b"%PDF-", "a PDF document", "import the log from which it was made"),
)


def problem(head: bytes, name: str) -> str:
    """What a file with this beginning is, and what to do with it; "" for a file that may be a log."""
    for container in _CONTAINERS:
        if head.startswith(container.signature, container.offset):
            return f"{name} is {container.kind}: {container.remedy.format(name)}"
    return ""
