"""What a disk may hold after a power loss: of what was not synced, any part may have reached it.

Data is durable once its file was synced, a name once its folder was; a rename is one step, durable with the folder
that it leads to. Nothing else is assumed of the file system.
"""

import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.shim import Call, Kind

_SECTOR = 512
DIRECTORY = None


@dataclass
class File:
    """The data that is on disk, and the writes and truncations that are not, in order."""

    durable: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def with_(self, changes: Iterable[tuple[int, bytes | None]]) -> bytes:
        """The data after changes: bytes at an offset, or None for the size to which it is cut or grown."""
        data = bytearray(self.durable)
        for offset, written in changes:
            size = offset if written is None else offset + len(written)
            data.extend(bytes(max(0, size - len(data))))
            if written is None:
                del data[offset:]
            else:
                data[offset:size] = written
        return bytes(data)


Names = dict[str, File | None]  # None for a folder
NameChange = tuple[str, str, File | None]  # the old name, "" for none; the new one, "" for none; what has it


class Disk:
    """A folder's durable names and files, and what changed since, from recorded calls."""

    def __init__(self, template: Path, root: Path) -> None:
        self._root = str(root)
        self.durable: Names = {}
        for path in sorted(template.rglob("*")):
            name = str(path.relative_to(template))
            self.durable[name] = DIRECTORY if path.is_dir() else File(path.read_bytes())
        self.names = dict(self.durable)
        self.pending: list[NameChange] = []
        self._open: dict[int, File | str] = {}

    def apply(self, call: Call) -> bool:
        """Follow one call that succeeded; gives whether it changed what the disk may hold."""
        path, second = self._relative(call.path), self._relative(call.second)
        if call.kind is Kind.OPEN:
            return self._opened(call, path)
        if call.kind is Kind.RENAME:
            return self._rename(path, second, self.names.get(path))
        if call.kind is Kind.LINK:
            return self._rename("", second, self.names.get(path))
        if call.kind is Kind.UNLINK:
            return self._rename(path, "", self.names.get(path))
        if call.kind is Kind.MKDIR:
            return self._rename("", path, DIRECTORY)
        file = self._open.get(call.fd)
        if call.kind is Kind.SYNC:
            self._sync(file)
        elif isinstance(file, File) and call.kind in (Kind.WRITE, Kind.TRUNCATE):
            file.pending.append((call.offset, call.data if call.kind is Kind.WRITE else None))
        else:
            return False
        return True

    def _relative(self, path: str) -> str:
        return path.removeprefix(self._root).lstrip("/")

    def _opened(self, call: Call, path: str) -> bool:
        if not path or (path in self.names and self.names[path] is DIRECTORY):
            self._open[call.result] = path
            return False
        is_new = path not in self.names
        if is_new:
            self._rename("", path, File())
        file = self.names[path]
        assert isinstance(file, File)
        self._open[call.result] = file
        if call.flags & os.O_TRUNC:
            file.pending.append((0, None))
        return is_new or bool(call.flags & os.O_TRUNC)

    def _rename(self, old: str, new: str, file: File | None) -> bool:
        change = (old, new, file)
        _change(self.names, change)
        self.pending.append(change)
        return True

    def _sync(self, opened: File | str | None) -> None:
        if isinstance(opened, File):
            opened.durable, opened.pending = opened.with_(opened.pending), []
        elif opened is not None:
            synced = [change for change in self.pending if _folder(change[1] or change[0]) == opened]
            for change in synced:
                _change(self.durable, change)
                self.pending.remove(change)

    def image(self, survivors: str, seed: int) -> dict[str, bytes | None]:
        """What the disk may hold by one of CHOICES: names, each with its data, None for a folder."""
        choice = CHOICES[survivors]
        randomness = random.Random(f"{len(self.pending)} {seed}")
        names = dict(self.durable)
        for change in choice.names(self.pending, randomness):
            _change(names, change)
        contents: dict[int, bytes] = {}
        for file in names.values():
            if file is not None and id(file) not in contents:
                contents[id(file)] = file.with_(choice.data(file.pending, randomness))
        return {
            name: file and contents[id(file)] for name, file in names.items() if _is_reachable(name, names)
        }


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _is_reachable(name: str, names: Names) -> bool:
    folder = _folder(name)
    return not folder or (folder in names and names[folder] is DIRECTORY)


def _change(names: Names, change: NameChange) -> None:
    old, new, file = change
    names.pop(old, None)
    if new:
        names[new] = file
    if old and new and file is DIRECTORY:
        for name in [name for name in names if name.startswith(f"{old}/")]:
            names[new + name.removeprefix(old)] = names.pop(name)


def _all(changes: list, _: random.Random) -> list:
    return list(changes)


def _none(_: list, __: random.Random) -> list:
    return []


def _beginning(changes: list, randomness: random.Random) -> list:
    return changes[: randomness.randint(0, len(changes))]


def _some(changes: list, randomness: random.Random) -> list:
    return [change for change in changes if randomness.random() < 0.5]


def _torn(changes: list, randomness: random.Random) -> list:
    torn = []
    for offset, data in _some(changes, randomness):
        if data is not None and randomness.random() < 0.5:
            data = data[: randomness.randint(0, len(data) // _SECTOR) * _SECTOR]
        torn.append((offset, data))
    return torn


def _later(changes: list, randomness: random.Random) -> list:
    """The last change without those before it, or some of these."""
    return [*_some(changes[:-1], randomness), *changes[-1:]]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which changes of names and of data survive."""

    names: Callable[[list, random.Random], list]
    data: Callable[[list, random.Random], list]


CHOICES = {
    "none": Choice(_none, _none),
    "all": Choice(_all, _all),
    "names": Choice(_all, _none),
    "data": Choice(_none, _all),
    "part": Choice(_beginning, _torn),
    "reordered": Choice(_some, _later),
}


def write(image: dict[str, bytes | None], folder: Path) -> None:
    """Write an image into an empty folder."""
    for name, data in sorted(image.items()):
        if data is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(data)
