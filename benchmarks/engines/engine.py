"""What an engine is here: something that holds the events of a store and answers the cases."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from benchmarks.engines.cases import Case

COLUMNS = {
    "seq": "BIGINT",
    "event_id": "VARCHAR",
    "occurred_at": "BIGINT",
    "recorded_at": "BIGINT",
    "agent": "VARCHAR",
    "activity": "VARCHAR",
    "description": "VARCHAR",
    "outcome": "VARCHAR",
    "source_ip": "VARCHAR",
    "target": "VARCHAR",
    "source": "VARCHAR",
    "metadata": "VARCHAR",
}
"""The columns of the Parquet file that engines load; times are microseconds since 1970."""


class Engine(Protocol):
    """Made from the store and a folder of its own; nothing is open before `open`, nor after `close`."""

    name: str

    def __init__(self, store: Path, folder: Path) -> None: ...

    @staticmethod
    def missing() -> str:
        """Why the engine cannot be measured here, and what it needs; "" where it can."""

    def load(self, events: Path) -> None:
        """Take in the events of a Parquet file with COLUMNS, and make indexes."""

    def open(self) -> None:
        """Connect, without anything in the engine's own cache."""

    def query(self, case: Case) -> Any:
        """The result of a case, in the form in which the engine hands out results."""

    def rows(self, case: Case, result: Any) -> list[tuple[Any, ...]]:
        """The rows of a result, as plain values, times in microseconds and hours in numbers."""

    def close(self) -> None:
        """Disconnect."""

    def files(self) -> list[Path]:
        """The files that hold the events; none where they are out of reach, as those of a server may be."""

    def size(self) -> int:
        """The bytes that the events take, with everything that belongs to them."""

    def peak_memory(self) -> int:
        """The most bytes of memory that the process which answers has used."""


def peak_memory_of(process: int | None = None) -> int:
    """The most bytes of memory that a process has used; of this one, where none is given."""
    status = Path(f"/proc/{process or os.getpid()}/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux's ru_maxrss begins with that of the process which started this one.
    return next(
        int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM")
    )


def forget(files: list[Path]) -> None:
    """Take files out of the memory of the operating system, where it can be told. Nobody may have them open."""
    if not hasattr(os, "posix_fadvise"):
        return
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def files_in(folder: Path) -> Iterator[Path]:
    """All files in a folder."""
    return (path for path in folder.rglob("*") if path.is_file())
