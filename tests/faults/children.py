"""A function runs in a forked child, which a fault may kill; what it reported stays."""

import atexit
import os
import select
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audit_store.errors import AuditStoreError
from tests.faults import shim
from tests.faults.workloads import Report

SECONDS = 300
REFUSED, BARE, HUNG = 2, 3, 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended: its exit status (negative for a signal), the lines of its report, a bare exception."""

    status: int
    lines: list[str]
    bare: str = ""

    @property
    def is_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL


def in_child(
    work: Callable[[Report], None],
    before: Callable[[], object] | None = None,
    *,
    killed_after: float | None = None,
) -> Outcome:
    """Run `work` in a child that then exits as a script does, with its last fold.

    `before` runs in the child first, to change the product or to watch a folder. The child is killed after
    `killed_after` seconds.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os._exit(_work(Report(writing), work, before))
    os.close(writing)
    status, text = _wait(child, reading, time.monotonic() + (killed_after or SECONDS))
    if status == HUNG and killed_after is not None:
        status = -signal.SIGKILL
    lines = text.decode(errors="replace").splitlines()
    bare = [line.removeprefix("bare ") for line in lines if line.startswith("bare ")]
    return Outcome(status, [line for line in lines if not line.startswith("bare ")], " ".join(bare))


def _work(report: Report, work: Callable[[Report], None], before: Callable[[], object] | None) -> int:
    status = 0
    try:
        if before is not None:
            before()
        work(report)
    except AuditStoreError:
        status = REFUSED
    except OSError as error:
        report.line("bare", type(error).__name__, str(error).replace("\n", " "))
        status = REFUSED  # the command lines show an OSError in one line, too
    except BaseException:
        report.line("bare", traceback.format_exc().strip().replace("\n", " | "))
        status = BARE
    atexit._run_exitfuncs()
    shim.stop()
    return status


def _wait(child: int, reading: int, deadline: float) -> tuple[int, bytes]:
    """The status and the text of a child; one that is killed at the deadline has the status HUNG."""
    text = b""
    hung = False
    while True:
        if not hung and not select.select([reading], [], [], max(deadline - time.monotonic(), 0))[0]:
            os.kill(child, signal.SIGKILL)
            hung = True
        if not (block := os.read(reading, 65_536)):
            break
        text += block
    os.close(reading)
    _, code = os.waitpid(child, 0)
    return HUNG if hung else os.waitstatus_to_exitcode(code), text


def fresh_copy(template: Path, folder: Path) -> Path:
    """A copy of a folder in place of another; gives it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    return folder
