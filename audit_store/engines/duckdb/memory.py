"""What a store held at its last checkpoint, in a small file beside it, so that a store that is gone is noticed.

The file is written after the checkpoint: the store may hold more than the file says, never less.
"""

import contextlib
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from audit_store.engines.protocol import Version
from audit_store.errors import StoreLost, reason
from audit_store.store_files import memory_path, open_beside, real_path, sync_folder

_log = logging.getLogger(__name__)
_BYTES = 256
"""The length of the file: one block of a disk, so that it is written whole, in its place and without new space."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a store held: `last_seq` is -1 without events, `version` that of the file (Engine.version).

    `store_id` is empty where the file beside the store cannot be read; then the store may have held events.
    """

    store_id: str
    last_seq: int
    version: Version

    def check(self, store: Path, store_id: str, last_seq: int) -> None:
        """Raise StoreLost where a store with this id and end is not the one that was there, or an older copy."""
        if not self.store_id:
            return
        if self.last_seq >= 0 and store_id != self.store_id:
            raise _lost(store, f"is another store (id {store_id}) than at the last fold (id {self.store_id})")
        if store_id == self.store_id and last_seq < self.last_seq:
            raise _lost(store, f"ends with seq {last_seq}, and held events to seq {self.last_seq}")


_UNREADABLE = Memory("", 0, ())


def path_of(store: Path) -> Path:
    """The file beside a store."""
    return memory_path(store)


def read(store: Path) -> Memory | None:
    """What the store held at its last checkpoint; None where nothing is known. Never raises."""
    try:
        fields = json.loads(path_of(store).read_bytes())
        checksum = fields.pop("crc32")
        if checksum == _checksum(fields):
            return Memory(fields["store_id"], fields["last_seq"], tuple(fields["version"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return _UNREADABLE


def write(store: Path, memory: Memory) -> None:
    """Remember, durably. Call it with the writer's lock, after the checkpoint. Raises OSError."""
    fields = {"store_id": memory.store_id, "last_seq": memory.last_seq, "version": memory.version}
    text = json.dumps(fields | {"crc32": _checksum(fields)})
    descriptor = open_beside(store, path_of(store), os.O_WRONLY | os.O_NOFOLLOW)
    try:
        is_new = os.fstat(descriptor).st_size != _BYTES
        os.pwrite(descriptor, text.encode().ljust(_BYTES - 1) + b"\n", 0)
        if is_new:
            os.ftruncate(descriptor, _BYTES)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(store.parent)


def keep(store: Path, new: Memory) -> None:
    """Remember what the closed file of a store holds; where it cannot be noted, the older memory stays true."""
    has_wal = bool(new.version) and new.version[-1] > 0
    if has_wal or new == read(store):
        return
    try:
        sync_folder(real_path(store).parent)  # from which DuckDB has removed its WAL
        write(store, new)
    except OSError as error:
        _log.warning("%s cannot be written: %s", path_of(store), reason(error))


def forget(store: Path) -> None:
    """Remember nothing of the store, durably. Raises OSError."""
    with contextlib.suppress(FileNotFoundError):
        path_of(store).unlink()
        sync_folder(store.parent)


def refuse_new(store: Path) -> None:
    """Raise StoreLost where a store that is missing or empty held events."""
    memory = read(store)
    if memory is None or memory.last_seq < 0:
        return
    held = f"held events to seq {memory.last_seq}" if memory.store_id else f"{path_of(store)} is damaged"
    try:
        raise _lost(store, f"has {store.stat().st_size:,} bytes, and {held}")
    except FileNotFoundError:
        raise _lost(store, f"is missing, and {held}") from None


def lost_bytes(store: Path) -> str:
    """How much shorter the file of a store is than at its last checkpoint, for an error; empty if it is not."""
    memory, size = read(store), store.stat().st_size if store.exists() else 0
    if memory is None or not memory.version or size >= memory.version[1]:
        return ""
    return f"; it has {size:,} bytes, and had {memory.version[1]:,} at the last fold"


def _lost(store: Path, what: str) -> StoreLost:
    return StoreLost(
        f"{store} {what}; put a backup in its place with python -m audit_store restore BACKUP --store {store}, or "
        f"go on with what is there with python -m audit_store accept --store {store}; new events wait in the spool"
    )


def _checksum(fields: dict[str, object]) -> str:
    return f"{crc32(json.dumps(fields, sort_keys=True).encode()):08x}"
