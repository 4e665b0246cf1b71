"""What the beginning of a file says about its format."""

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"


def text_of(head: bytes) -> str:
    """The beginning of a file as text, without blank lines before it; bytes that are not UTF-8 are replaced."""
    return head.decode("utf-8-sig", errors="replace").lstrip()


def extension(name: str) -> str:
    """The extension of a file's name without `.gz`, such as ".csv"; "." where it has none."""
    return "." + name.lower().removesuffix(".gz").rpartition("/")[2].rpartition(".")[2]
