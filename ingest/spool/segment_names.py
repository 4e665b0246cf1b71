"""The names of segments, and what they say about who wrote them."""

import re

from audit_store.event import UUID_PATTERN, fresh_id
from audit_store.store_files import batch_content, bulk_rows

REJECTS = ".rejects"
"""The end of the name of a file with rejects that are not listed yet."""
_OPEN = re.compile(UUID_PATTERN + r"-\d+(-crc)?\.open")
_APPENDED = re.compile(UUID_PATTERN + r"-\d+-crc\.ndjson")
_WITHOUT_CHECKSUMS = re.compile(UUID_PATTERN + r"-\d+(-batch)?\.ndjson")
_RENAMED = re.compile(UUID_PATTERN + r"-from-.*\.ndjson")
_FOREIGN_NAME_KEPT = 40  # characters, so that the new name stays within the 255 bytes of a file name


def is_open(name: str) -> bool:
    """Whether a segment has the name of one that `append` still writes to."""
    return _OPEN.fullmatch(name) is not None


def is_appended(name: str) -> bool:
    """Whether `append` wrote a segment, each line with its checksum."""
    return _APPENDED.fullmatch(name) is not None


def is_batch(name: str) -> bool:
    """Whether `append_many` wrote a segment, whose events are stored all or none."""
    return batch_content(name) is not None or (name.endswith("-batch.ndjson") and is_without_checksums(name))


def is_without_checksums(name: str) -> bool:
    """Whether a segment is one of version 0.1.0, whose `append` and `append_many` wrote no checksums."""
    return _WITHOUT_CHECKSUMS.fullmatch(name) is not None


def is_renamed(name: str) -> bool:
    """Whether a segment is a file of another program, which has got a new name."""
    return _RENAMED.fullmatch(name) is not None


def is_ready(name: str) -> bool:
    """Whether a fold may take a segment: it is complete and its name is unique."""
    is_ours = is_appended(name) or is_batch(name) or is_without_checksums(name) or bulk_rows(name) is not None
    return is_ours or is_renamed(name)


def batch_ending(events: int, checksum: int) -> str:
    """The end of the name of a batch: its number of events and the CRC32 of its content."""
    return f"-{events}-{checksum:08x}-batch.ndjson"


def unique_name(foreign: str) -> str:
    """A new name for a file of another program, which may use the same name again."""
    kept = re.sub(r"[^\w.-]", "_", foreign, flags=re.ASCII)[-_FOREIGN_NAME_KEPT:]
    return f"{fresh_id()}-from-{kept}"
