"""What lies beside a store: the events that wait in its spool, and what was set aside."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_BULK = re.compile(r".+-(\d+)\.parquet")


def default_store() -> Path:
    """The store that `$AUDIT_STORE` names, else `audit.duckdb` in the working directory."""
    return Path(os.environ.get("AUDIT_STORE") or "audit.duckdb")


def waiting_events(store: Path) -> int:
    """How many events wait in `<store>.spool/`, not in the DuckDB file yet."""
    folder = spool_dir(store)
    return sum(events_in(path) for path in readable(folder)) if folder.is_dir() else 0


def set_aside(store: Path) -> list[Path]:
    """The segments that a fold put away because something in them could not be stored."""
    return sorted(_files(spool_dir(store) / "set-aside"))


def unreadable(store: Path) -> list[Path]:
    """The files of the spool that this process may not read: no fold takes them."""
    return sorted(path for path in _files(spool_dir(store)) if not os.access(path, os.R_OK))


def readable(folder: Path) -> Iterator[Path]:
    """The files of a folder that this process may read. Raises FileNotFoundError."""
    return (path for path in folder.iterdir() if os.access(path, os.R_OK) and path.is_file())


def spool_dir(store: Path) -> Path:
    """The folder in which events wait."""
    return store.with_name(store.name + ".spool")


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_file())


def events_in(path: Path) -> int:
    """How many events a segment holds: lines, or what the name of a bulk segment says; 0 for any other file."""
    if bulk := _BULK.fullmatch(path.name):
        return int(bulk[1])
    if path.suffix not in (".open", ".ndjson"):
        return 0
    try:
        with path.open("rb") as file:
            return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    except FileNotFoundError:  # folded meanwhile
        return 0


def sync_folder(folder: Path) -> None:
    """Make a folder's names durable: after a power loss a new file is only there when this was done."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
