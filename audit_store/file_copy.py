"""Copies of whole files, which keep their mode and get their name once they are on disk."""

import contextlib
import errno
import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from audit_store.file_lock import locked
from audit_store.store_files import mode_of, sync_file, sync_folder

LOCK_WAIT = 5.0
"""Seconds to wait for the lock that stands for a hard link on file systems without them."""
_AT_ONCE = 64 << 20
_WITHOUT_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def copy_file(source: Path | BinaryIO, target: Path) -> None:
    """Write the content of a file, or of one that is open, to a new file with the same mode. Raises OSError."""
    with contextlib.ExitStack() as stack:
        content = stack.enter_context(source.open("rb")) if isinstance(source, Path) else source
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        copy = stack.enter_context(os.fdopen(os.open(target, flags, 0o600), "wb"))
        os.fchmod(copy.fileno(), mode_of(os.fstat(content.fileno())))
        if not _copied_by_the_system(content, copy):
            content.seek(0)
            copy.seek(0)
            shutil.copyfileobj(content, copy, 1 << 20)


def _copied_by_the_system(content: BinaryIO, copy: BinaryIO) -> bool:
    """Whether the system copied everything (copy_file_range(2), which shares blocks between the files)."""
    if not hasattr(os, "copy_file_range"):
        return False
    left = os.fstat(content.fileno()).st_size
    try:
        while left > 0:
            copied = os.copy_file_range(content.fileno(), copy.fileno(), min(left, _AT_ONCE))
            if copied == 0:
                return False
            left -= copied
    except OSError:  # between some file systems, or the disk is full, which the other way says, too
        return False
    return True


def put_new(source: Path, path: Path, like: Path) -> None:
    """Copy a file to `path`, durably and with the owner of `like`, unless another file has that name.

    Raises OSError.
    """
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        copy_file(source, draft)
        give_owner(draft, like)
        sync_file(draft)
        rename_to_new(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def give_owner(path: Path, like: Path) -> None:
    """Give a file the owner and group of another file or folder, if this process may. Raises OSError."""
    status = like.stat()
    with contextlib.suppress(PermissionError):
        os.chown(path, status.st_uid, status.st_gid)


def rename_to_new(draft: Path, path: Path) -> None:
    """Give a file the name `path` in one step, unless another file has it. Raises OSError, StoreBusy."""
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        if error.errno not in _WITHOUT_HARD_LINKS:
            raise
        with locked(path.with_suffix(".lock"), fcntl.LOCK_EX, time.monotonic() + LOCK_WAIT, draft):
            if not path.exists():
                draft.rename(path)
