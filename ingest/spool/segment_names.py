"""The names of segments, and what they say about who wrote them."""

import re

from audit_store.event import UUID_PATTERN, fresh_id
from audit_store.store_files import bulk_rows

REJECTS = ".rejects"
"""The end of the name of a file with rejects that are not listed yet."""
_OPEN = re.compile(UUID_PATTERN + r"-\d+\.open")
_APPENDED = re.compile(UUID_PATTERN + r"-\d+\.ndjson")
_BATCH = re.compile(UUID_PATTERN + r"-\d+-batch\.ndjson")
_RENAMED = re.compile(UUID_PATTERN + r"-from-.*\.ndjson")
_FOREIGN_NAME_KEPT = 40  # characters, so that the new name stays within the 255 bytes of a file name


def is_open(name: str) -> bool:
    """Whether a segment has the name of one that `append` still writes to."""
    return _OPEN.fullmatch(name) is not None


def is_appended(name: str) -> bool:
    """Whether `append` wrote a segment, line by line."""
    return _APPENDED.fullmatch(name) is not None


def is_batch(name: str) -> bool:
    """Whether `append_many` wrote a segment, whose events are stored all or none."""
    return _BATCH.fullmatch(name) is not None


def is_own(name: str) -> bool:
    """Whether the events of a segment of text were checked when they were appended.

    The only place that decides it. Another program that gives its file such a name has its events stored without
    the limits of an event, as long as they have the form of an appended line.
    """
    return is_appended(name) or is_batch(name)


def is_ready(name: str) -> bool:
    """Whether a fold may take a segment: it is complete and its name is unique."""
    return is_own(name) or _RENAMED.fullmatch(name) is not None or bulk_rows(name) is not None


def unique_name(foreign: str) -> str:
    """A new name for a file of another program, which may use the same name again."""
    kept = re.sub(r"[^\w.-]", "_", foreign, flags=re.ASCII)[-_FOREIGN_NAME_KEPT:]
    return f"{fresh_id()}-from-{kept}"
