"""The manifest of a backup: what its files are, with hashes that reveal damage."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from audit_store.engines.recovery import Contents
from audit_store.errors import AuditStoreError

FILE = "manifest.json"
STORE = "audit.duckdb"
"""The name of the store in a backup, whatever it is called elsewhere."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file of a backup: its size in bytes and its SHA-256 in hexadecimal."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup is; `made_at` is before the store was copied, `last_seq` -1 without events."""

    manifest_version: int = VERSION
    store: str
    store_id: str
    events: int
    last_seq: int
    made_at: Annotated[datetime, msgspec.Meta(tz=True)]
    files: dict[str, File]

    @property
    def contents(self) -> Contents:
        """What the copy of the store holds."""
        return Contents(self.store_id, self.events)

    def write(self, folder: Path) -> None:
        """Write the manifest of a backup. Raises OSError."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=1)
        (folder / FILE).write_bytes(text + b"\n")


def hashed(path: Path) -> File:
    """The size and hash of a file. Raises OSError."""
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        return File(content.tell(), digest)


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises AuditStoreError where it cannot be used, OSError."""
    path = folder / FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise AuditStoreError(f"{folder} is not a backup: it has no {FILE}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AuditStoreError(f"{path} is damaged ({error}); use another backup") from error
    if manifest.manifest_version != VERSION:
        raise AuditStoreError(
            f"{path} has version {manifest.manifest_version}, and this program knows {VERSION}; update this program"
        )
    return manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Raise AuditStoreError for the first file that is missing or not what the manifest says, and OSError."""
    if STORE not in manifest.files:
        raise AuditStoreError(f"{folder / FILE} is damaged: it does not list {STORE}; use another backup")
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise AuditStoreError(f"{path} is missing; use another backup")
        actual = hashed(path)
        if actual != expected:
            what = "hash" if actual.bytes == expected.bytes else f"size ({actual.bytes:,} bytes)"
            raise AuditStoreError(
                f"{path} was changed or is damaged: its {what} is not that of {FILE}; use another backup"
            )
