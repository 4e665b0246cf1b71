"""Checkpoints that a power loss cannot tear, by keeping beside the store what DuckDB writes over.

A checkpoint of DuckDB writes to free blocks, with one exception: new metadata goes into free parts of the blocks that
hold metadata in use, and each of these is written in its place with one checksum for all of it. Where a power loss
leaves such a block half written, DuckDB cannot open the file. So `<store>.journal` first gets those blocks as they
are, and the headers of the file. While the headers stay the same, the checkpoint has not happened, and the blocks can
be put back; the write-ahead log still has what the checkpoint would have stored.
"""

import contextlib
import fcntl
import logging
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from zlib import crc32

from audit_store.engines.duckdb import file_queries
from audit_store.engines.duckdb.connection import Connection, rows_of
from audit_store.engines.duckdb.creation import HEADERS_BYTES
from audit_store.errors import AuditStoreError, reason
from audit_store.store_files import open_beside, sync_folder

BLOCK_BYTES = 256 << 10
"""The length of a block, the first of which follows the headers."""
_NUMBER, _CHECKSUM = struct.Struct("<q"), struct.Struct("<I")
_log = logging.getLogger(__name__)


def journal_of(file: Path) -> Path:
    """Where a checkpoint of a file keeps what it writes over; empty or missing while no checkpoint runs."""
    return file.with_name(f"{file.name}.journal")


@contextlib.contextmanager
def journalled(connection: Connection, file: Path) -> Iterator[Connection]:
    """A connection to a file of which only the method `checkpoint` makes checkpoints; it is closed at the end."""
    # Closed after the connection, because closing a file drops the process's locks on it.
    with file.open("rb") as content, contextlib.closing(connection):
        for setting in ("SET checkpoint_threshold = '1TB'", "PRAGMA disable_checkpoint_on_shutdown"):
            connection.execute(setting)
        yield cast(Connection, _Journalled(connection, file, content.fileno()))


class _Journalled:
    def __init__(self, connection: Connection, file: Path, content: int) -> None:
        self._connection, self._file, self._content = connection, file, content

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def checkpoint(self) -> None:
        """Write everything into the store's own file. Raises AuditStoreError where the journal cannot be written."""
        blocks = [block for (block,) in rows_of(self._connection, file_queries.metadata_blocks())]
        try:
            _keep(self._file, self._content, blocks)
            self._connection.checkpoint()
            _empty(journal_of(self._file))
        except OSError as error:
            raise AuditStoreError(f"{journal_of(self._file)} cannot be written: {reason(error)}") from error


def unfinished_journals(file: Path) -> list[Path]:
    """The journal of a checkpoint that runs, or ended early; found without opening the file."""
    with contextlib.suppress(OSError):
        if journal_of(file).stat().st_size > 0:
            return [journal_of(file)]
    return []


def may_undo(file: Path) -> bool:
    """Whether a checkpoint runs, or ended early, and this user may undo it."""
    return bool(unfinished_journals(file)) and os.access(file, os.W_OK)


def undo_unfinished(file: Path) -> None:
    """Put back what a checkpoint that ended early has written over.

    Call it with the writer's lock and without a connection: closing a file drops the process's locks on it. Nothing
    happens while another program has the file open. Raises AuditStoreError.
    """
    if not may_undo(file):
        return
    try:
        with file.open("r+b") as content, contextlib.suppress(BlockingIOError):
            fcntl.lockf(content, fcntl.LOCK_EX | fcntl.LOCK_NB)
            kept = _kept(journal_of(file).read_bytes(), content.read(HEADERS_BYTES))
            changed = [
                (at, block) for at, block in kept if os.pread(content.fileno(), len(block), at) != block
            ]
            for at, block in changed:
                os.pwrite(content.fileno(), block, at)
            os.fsync(content.fileno())
            _empty(journal_of(file))
            if changed:
                _log.warning("the last checkpoint of %s did not end, and was undone; no event is lost", file)
    except FileNotFoundError:
        return
    except OSError as error:
        raise AuditStoreError(f"{file} cannot be opened: {reason(error)}") from error


def _keep(file: Path, content: int, blocks: Sequence[int]) -> None:
    """Write the journal, durably: the headers, how many blocks follow, each with its number, and a checksum."""
    parts = [os.pread(content, HEADERS_BYTES, 0), _NUMBER.pack(len(blocks))]
    for block in blocks:
        parts += [_NUMBER.pack(block), os.pread(content, BLOCK_BYTES, _offset(block))]
    data = b"".join(parts)
    path = journal_of(file)
    is_new = not path.exists()
    descriptor = open_beside(file, path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "wb") as journal:
        journal.write(data + _CHECKSUM.pack(crc32(data)))
        journal.flush()
        os.fsync(journal.fileno())
    if is_new:
        sync_folder(file.parent)


def _empty(journal: Path) -> None:
    with journal.open("r+b") as content:
        content.truncate()


def _kept(journal: bytes, headers: bytes) -> list[tuple[int, bytes]]:
    """The blocks of a journal with their offsets; none unless it is whole and about a file with these headers."""
    data, checksum = journal[: -_CHECKSUM.size], journal[-_CHECKSUM.size :]
    if not data.startswith(headers) or _CHECKSUM.pack(crc32(data)) != checksum:
        return []
    return list(_blocks(data[HEADERS_BYTES:]))


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    [number] = _NUMBER.unpack_from(data)
    for start in range(
        _NUMBER.size, _NUMBER.size + number * (_NUMBER.size + BLOCK_BYTES), _NUMBER.size + BLOCK_BYTES
    ):
        [block] = _NUMBER.unpack_from(data, start)
        yield _offset(block), data[start + _NUMBER.size : start + _NUMBER.size + BLOCK_BYTES]


def _offset(block: int) -> int:
    return HEADERS_BYTES + block * BLOCK_BYTES
