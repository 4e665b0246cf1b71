"""The manifest of an export: which events are in the file, and hashes by which a change is found.

It stands beside the file as FILE.manifest.json. Its own hash says whether the manifest is still as it was
written; it is no signature: whoever may change both files can write new hashes. Keep the hash that the export
prints somewhere else where that matters.
"""

import getpass
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from audit_store.errors import InvalidFormat
from audit_store.filters import EventFilter

MANIFEST_VERSION = 1
PROGRAM = "audit-log-explorer 0.1.0"
SUFFIX = ".manifest.json"
BLOCK_BYTES = 256 << 10
_SELF = "manifest_sha256"


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the file: the events that end in it, its bytes, and their SHA-256 in hexadecimal."""

    events: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an exported file is.

    `filter` is a sentence and `query` the same as URL parameters; `start` and `end` say what a relative range
    meant, in UTC (None: open). `exported_at` is UTC. The blocks cover the file from its first byte to its
    last; each ends with an event, 256 KiB or a little more after the one before.
    """

    file: str
    format: str
    events: int
    first_seq: int | None
    last_seq: int | None
    bytes: int
    sha256: str
    filter: str
    query: str
    zone: str
    start: str | None
    end: str | None
    store_id: str
    exported_at: str
    exported_by: str
    program: str = PROGRAM
    manifest_version: int = MANIFEST_VERSION
    blocks: tuple[Block, ...]

    @property
    def own_hash(self) -> str:
        """SHA-256 of the manifest itself, in hexadecimal."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_text(self) -> str:
        """The manifest as JSON, its own hash included."""
        return json.dumps(asdict(self) | {_SELF: self.own_hash}, ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> tuple[Manifest, bool]:
    """The manifest in a text, and whether it is as it was written. Raises InvalidFormat."""
    try:
        values = json.loads(text)
        if values["manifest_version"] != MANIFEST_VERSION:
            raise InvalidFormat(
                f"it has version {values['manifest_version']!r}, and this program knows {MANIFEST_VERSION}; "
                "check the file with the program that wrote it"
            )
        said = values.pop(_SELF)
        values["blocks"] = tuple(_block(block) for block in values["blocks"])
        found = Manifest(**values)
        _check_types(found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidFormat(f"it is no manifest ({type(error).__name__}: {error})") from None
    return found, said == found.own_hash


def _block(values: dict[str, Any]) -> Block:
    block = Block(**values)
    if not (isinstance(block.events, int) and isinstance(block.bytes, int) and block.bytes > 0):
        raise TypeError("a block's events and bytes are whole numbers")
    return block


def _check_types(found: Manifest) -> None:
    if not (isinstance(found.bytes, int) and isinstance(found.events, int)):
        raise TypeError("events and bytes are whole numbers")


def path_of(file: Path) -> Path:
    """Where the manifest of a file stands."""
    return file.with_name(file.name + SUFFIX)


def user() -> str:
    """Who runs this program, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return f"uid {os.getuid()}"


class Seal:
    """Hashes what is written to a file, whole and by block."""

    def __init__(self) -> None:
        self._whole, self._block = hashlib.sha256(), hashlib.sha256()
        self._bytes = self._block_bytes = self._block_events = 0
        self._blocks: list[Block] = []

    def add(self, data: bytes, events: int) -> None:
        """Take the next bytes; with the last of them `events` events ended."""
        self._whole.update(data)
        self._block.update(data)
        self._block_bytes += len(data)
        self._block_events += events
        if self._block_bytes >= BLOCK_BYTES:
            self._close_block()

    def _close_block(self) -> None:
        if self._block_bytes:
            self._blocks.append(Block(self._block_events, self._block_bytes, self._block.hexdigest()))
        self._bytes += self._block_bytes
        self._block, self._block_bytes, self._block_events = hashlib.sha256(), 0, 0

    def manifest(
        self,
        where: EventFilter,
        *,
        file: str,
        fmt: str,
        store_id: str,
        seqs: tuple[int | None, int | None],
        by: str,
    ) -> Manifest:
        """The manifest of all that was added; `seqs` are the first and the last."""
        self._close_block()
        return Manifest(
            file=file,
            format=fmt,
            events=sum(block.events for block in self._blocks),
            first_seq=seqs[0],
            last_seq=seqs[1],
            bytes=self._bytes,
            sha256=self._whole.hexdigest(),
            filter=where.sentence(),
            query=urlencode(where.parameters(), doseq=True),
            zone=where.tz,
            start=_utc(where.period.start),
            end=_utc(where.period.end),
            store_id=store_id,
            exported_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            exported_by=by,
            blocks=tuple(self._blocks),
        )


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat() + "Z"
