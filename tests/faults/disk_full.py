"""A file system of a few kilobytes, which appends and folds fill."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from audit_store.errors import AuditStoreError
from ingest.fold import fold
from tests.faults.workloads import STORE, Report, send, send_batch

CAN_MOUNT = os.name == "posix" and os.geteuid() == 0 and shutil.which("mount") is not None
LEVELS = range(16, 16 + 40 * 64, 64)
"""The sizes, in kilobytes."""
_ROUNDS, _ROUND, _FOLD_AFTER = 200, 50, 10


@contextlib.contextmanager
def mounted(folder: Path, kilobytes: int) -> Iterator[None]:
    """While it lasts, `folder` is a file system of this size."""
    _mount(f"size={kilobytes}k", folder)
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def grow(folder: Path) -> None:
    """Give the file system enough room."""
    _mount("remount,size=64m", folder)


def _mount(options: str, folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "audit-faults", str(folder)], check=True)


def fill(folder: Path, report: Report) -> None:
    """Append, and fold now and then, until the disk is full; then try once more what may have found room."""
    store = folder / STORE
    for number in range(0, _ROUNDS * _ROUND, _ROUND):
        try:
            send(store, report, number, fold=False)
            send_batch(store, report, number + 1, _ROUND - 1, fold=False)
        except AuditStoreError:
            report.line("full")
            break
        if number // _ROUND % _FOLD_AFTER == 0:
            with contextlib.suppress(AuditStoreError):  # with too little space no fold begins
                fold(store)
    with contextlib.suppress(AuditStoreError):
        fold(store)
    with contextlib.suppress(AuditStoreError):
        send(store, report, _ROUNDS * _ROUND, fold=False)
