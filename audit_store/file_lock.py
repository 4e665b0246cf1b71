"""Locks on files, between threads and between processes, that a forked child never keeps and that name their holder."""

import contextlib
import errno
import fcntl
import os
import pwd
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.store_files import give_mode, mode_beside, open_beside, spool_dir

# proc(5): "1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF"; a line with "->" is of a process that waits.
_LOCK = re.compile(r"\d+: (POSIX|FLOCK)\s+\S+\s+(?:READ|WRITE)\s+(\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s")
_LOCKS = Path("/proc/locks")
_SHOWN = 80


@contextlib.contextmanager
def locked(
    path: Path, kind: int, deadline: float, store: Path | None = None, *, behind: Path | None = None
) -> Iterator[int]:
    """Hold a lock on a file, created where it is missing, with the mode of `store`; gives its descriptor.

    `kind` is fcntl.LOCK_SH or fcntl.LOCK_EX, `deadline` a time of `time.monotonic`. Raises StoreBusy, naming the
    holder, after the deadline; whoever holds the lock may wait for that of the file `behind`, whose holder is then
    named. Raises AuditStoreError for a file that cannot be opened or locked.
    """
    descriptor = _open(path, store)
    _held.add(descriptor)
    try:
        _acquire(descriptor, path, kind, deadline, behind)
        yield descriptor
    finally:
        if descriptor in _held:
            _held.discard(descriptor)
            # A child forked meanwhile shares the lock: closing alone would leave it held.
            release(descriptor)
            os.close(descriptor)


@contextlib.contextmanager
def no_fold(store: Path, wait: float) -> Iterator[None]:
    """While it lasts, no other process folds this store, whose spool must exist; `wait` is in seconds.

    Raises StoreBusy and AuditStoreError.
    """
    with locked(spool_dir(store) / "folding", fcntl.LOCK_EX, time.monotonic() + wait, store):
        yield


def release(descriptor: int) -> None:
    """Let go of a lock before its block ends. A disk that fails gives it back when the file is closed."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def holders(path: Path, kind: str) -> list[int]:
    """The processes that hold a lock on a file, as far as the system says; `kind` is "POSIX" (fcntl) or "FLOCK".

    Other systems than Linux have no such list, and some file systems show other device numbers in it. A process in
    another PID namespace is 0.
    """
    try:
        status = path.stat()
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    file = (os.major(status.st_dev), os.minor(status.st_dev), status.st_ino)
    locks = [lock.groups() for lock in map(_LOCK.match, lines) if lock]
    return [
        int(process)
        for name, process, major, minor, inode in locks
        if name == kind and (int(major, 16), int(minor, 16), int(inode)) == file
    ]


def describe(process: int) -> str:
    """A process for a person: its PID, its command, and its user if that is another one than this process has."""
    folder = Path(f"/proc/{process}")
    try:
        owner = folder.stat().st_uid
        words = folder.joinpath("cmdline").read_bytes().rstrip(b"\0").decode(errors="replace").split("\0")
    except OSError:  # it has ended, or another system
        return f"PID {process}"
    command = "".join(letter if letter.isprintable() else "?" for letter in " ".join(words))
    shown = command if len(command) <= _SHOWN else command[: _SHOWN - 1] + "…"
    user = "" if owner == os.geteuid() else f", user {user_name(owner)}"
    return f"PID {process} ({shown}{user})"


def user_name(uid: int) -> str:
    """The name of a user, or the number of one that has no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _acquire(descriptor: int, path: Path, kind: int, deadline: float, behind: Path | None) -> None:
    pause = 0.001
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                held = behind if behind is not None and holders(behind, "FLOCK") else path
                raise StoreBusy(f"{held} is locked by {_holder(held)}; try again when it has ended") from None
        except OSError as error:
            raise AuditStoreError(
                f"{path} cannot be locked: {error.strerror}; keep the store on a file system with locks (flock)"
            ) from error
        else:
            return
        time.sleep(pause)
        pause = min(pause * 1.5, 0.004)


def _holder(path: Path) -> str:
    processes = sorted(set(holders(path, "FLOCK")) - {0}, key=os.getpid().__eq__)
    if not processes:
        return "another program"
    return "this process" if processes[0] == os.getpid() else describe(processes[0])


def _close_in_child() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


_held: set[int] = set()
os.register_at_fork(after_in_child=_close_in_child)


def _open(path: Path, store: Path | None) -> int:
    try:
        # Reading is enough for a lock (flock(2)), and another user's file may allow no more.
        descriptor = open_beside(store or path, path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise AuditStoreError(f"{path} cannot be opened: {_remedy(path, store, error)}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise AuditStoreError(f"{path} cannot be opened: it is not a regular file; remove it")
    if store is not None:
        give_mode(store, descriptor)
    return descriptor


def _remedy(path: Path, store: Path | None, error: OSError) -> str:
    """What is wrong with a lock that cannot be opened, and what to do."""
    if error.errno == errno.ELOOP:
        return "it is a symbolic link; remove it"
    with contextlib.suppress(OSError):
        if isinstance(error, PermissionError):
            status, mode = path.lstat(), mode_beside(store or path)
            return (
                f"it belongs to user {user_name(status.st_uid)} with mode {stat.S_IMODE(status.st_mode):04o}; "
                f"that user, or root, can run chmod {mode:o} {path}"
            )
    return f"{error.strerror}; check the folder and the rights of this user"
