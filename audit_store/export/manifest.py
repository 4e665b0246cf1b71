"""The manifest of an export: which events are in the file, and hashes that reveal a change.

It is beside the file as FILE.manifest.json. Its own hash shows whether the manifest was changed; it is not a
signature: whoever may change both files can write new hashes. If that matters, keep the hash that the export prints
somewhere else.
"""

import getpass
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from audit_store import local_time
from audit_store.errors import InvalidFormat, reason
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

    `filter` is a sentence and `query` the same as URL parameters; `start` and `end` are the bounds of a relative
    range, in UTC (None: open). `exported_at` is UTC. The blocks cover the file from its first byte to its last; each
    ends with an event and has 256 KiB or a little more.
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
    """The manifest in a text, and whether its own hash matches. Raises InvalidFormat."""
    try:
        values = json.loads(text)
        if values["manifest_version"] != MANIFEST_VERSION:
            raise InvalidFormat(
                f"it has version {values['manifest_version']!r}, and this program knows {MANIFEST_VERSION}; "
                "check the file with the program that wrote it"
            )
        own_hash = values.pop(_SELF)
        values["blocks"] = tuple(_block(block) for block in values["blocks"])
        manifest = Manifest(**values)
        _check_types(manifest)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidFormat(f"it is not a manifest: {reason(error)}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidFormat(f"it is not a manifest ({type(error).__name__}: {error})") from None
    return manifest, own_hash == manifest.own_hash


def _block(values: dict[str, Any]) -> Block:
    block = Block(**values)
    if not (isinstance(block.events, int) and isinstance(block.bytes, int) and block.bytes > 0):
        raise TypeError("a block's events and bytes must be integers")
    return block


def _check_types(manifest: Manifest) -> None:
    if not (isinstance(manifest.bytes, int) and isinstance(manifest.events, int)):
        raise TypeError("events and bytes must be integers")


def path_of(file: Path) -> Path:
    """The path of the manifest of a file."""
    return file.with_name(file.name + SUFFIX)


def user() -> str:
    """The name of the user that runs this program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container, a user may have no name
        return f"uid {os.getuid()}"


class Seal:
    """Hashes what is written to a file, as a whole and in blocks."""

    def __init__(self) -> None:
        self._whole, self._block = hashlib.sha256(), hashlib.sha256()
        self._bytes = self._block_bytes = self._block_events = 0
        self._blocks: list[Block] = []

    def add(self, data: bytes, events: int) -> None:
        """Add the next bytes, in which `events` events end."""
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
        """The manifest of everything that was added; `seqs` are the first and the last."""
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
            exported_at=local_time.utc_text(local_time.now(), "seconds"),
            exported_by=by,
            blocks=tuple(self._blocks),
        )


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else local_time.utc_text(moment, "auto")
