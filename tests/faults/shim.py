"""Builds shim.c and speaks to it: it counts the calls that touch a folder, lets one fail and records them all."""

import ctypes
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")
COMPILER = shutil.which("cc") or shutil.which("gcc")
_HEADER = struct.Struct("<iiiiqqii")


class Kind(IntEnum):
    """What a recorded call did; `NOTE` is a text between calls."""

    OPEN = 1
    WRITE = 2
    SYNC = 3
    RENAME = 4
    UNLINK = 5
    TRUNCATE = 6
    MKDIR = 7
    LOCK = 8
    NOTE = 9
    LINK = 10


class Fault(IntEnum):
    """What happens to the chosen call; `_ON` goes on for every later call. HALF is a kill within a write.

    SHORT_ON writes half, and every later call is an error.
    """

    NONE = 0
    EIO_ONCE = 1
    ENOSPC_ONCE = 2
    EIO_ON = 3
    ENOSPC_ON = 4
    HALF = 5
    KILL_BEFORE = 6
    KILL_AFTER = 7
    SHORT = 8
    SHORT_ON = 9


NEEDS_ROOM = {Kind.OPEN, Kind.WRITE, Kind.SYNC, Kind.RENAME, Kind.LINK, Kind.MKDIR}


@dataclass(frozen=True, slots=True)
class Call:
    """One recorded call: `path` is a note's text, `second` a new name, `offset` a truncation's size."""

    kind: Kind
    fd: int
    flags: int
    result: int
    offset: int
    path: str
    second: str
    data: bytes

    def faults(self) -> list[Fault]:
        """The faults that can happen to this call."""
        possible = [Fault.EIO_ONCE, Fault.EIO_ON, Fault.KILL_BEFORE, Fault.KILL_AFTER]
        if self.kind in NEEDS_ROOM:
            possible += [Fault.ENOSPC_ONCE, Fault.ENOSPC_ON]
        return [*possible, Fault.HALF, Fault.SHORT, Fault.SHORT_ON] if self.kind is Kind.WRITE else possible


def build(folder: Path) -> Path:
    """Compile the shim into a folder; gives the library. Needs COMPILER."""
    library = folder / "shim.so"
    command = [str(COMPILER), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(SOURCE)]
    subprocess.run([*command, "-lpthread"], check=True)
    return library


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def watch(folder: Path, call: int = 0, fault: Fault = Fault.NONE, log: int = -1) -> None:
    """In a process that runs with the shim: let call number `call` (from 1) under the folder have a fault.

    `log` is the descriptor of the record, or -1.
    """
    _library().shim_watch(str(folder).encode(), ctypes.c_long(call), int(fault), log)


def stop() -> None:
    """Watch nothing."""
    _library().shim_stop()


def note(text: str) -> None:
    """Write a text into the record, if there is one."""
    _library().shim_note(text.encode())


def recorded(log: Path) -> Iterator[Call]:
    """What was recorded in a file, in order."""
    data = log.read_bytes()
    position = 0
    while position < len(data):
        kind, fd, flags, result, offset, length, first, second = _HEADER.unpack_from(data, position)
        position += _HEADER.size
        parts = []
        for size in (first, second, length if kind == Kind.WRITE else 0):
            parts.append(data[position : position + size])
            position += size
        path, target, content = parts
        yield Call(Kind(kind), fd, flags, result, offset, path.decode(), target.decode(), content)
