"""Runs functions as other users of this machine, each in a forked child; needs root."""

import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ADA, BOB, GROUP = 65_534, 65_533, 65_532
BARE = 70
"""The exit status of a child that raised."""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit status of a child, and what it wrote on standard output and standard error."""

    status: int
    output: str


def as_user(uid: int, work: Callable[[], object], *, umask: int = 0o022) -> Outcome:
    """Run a function as a user who belongs to GROUP; a number that it returns is the exit status."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        for descriptor in (1, 2):
            os.dup2(writing, descriptor)
        os._exit(_work(uid, work, umask))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        output = pipe.read().decode()
    _, code = os.waitpid(child, 0)
    return Outcome(os.waitstatus_to_exitcode(code), output)


def _work(uid: int, work: Callable[[], object], umask: int) -> int:
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    status: object = BARE
    try:
        os.setgroups([GROUP])
        os.setgid(uid)
        os.setuid(uid)
        os.umask(umask)
        status = work()
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return status if isinstance(status, int) else 0


@contextmanager
def shared_folder(mode: int = 0o2770) -> Iterator[Path]:
    """A folder of GROUP whose parents every user may search, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="audit-users-", dir="/tmp"))
    try:
        os.chown(folder, 0, GROUP)
        folder.chmod(mode)
        yield folder
    finally:
        shutil.rmtree(folder)


def new_store(folder: Path, mode: int = 0o660) -> Path:
    """An empty file of GROUP, as docs/operating.md says, from which a fold makes the store."""
    store = folder / "audit.duckdb"
    store.touch()
    os.chown(store, 0, GROUP)
    store.chmod(mode)
    return store
