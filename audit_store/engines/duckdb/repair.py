"""Repair: says what of a store can be read, and saves that in a new file. The store itself never changes.

A damaged store is read range by range of seq; only whole events count. Then a copy is tried: without the
WAL; with the main header made anew, which says nothing but the version; with either of the two database
headers in the place of the other; with the checksums that the headers should have. DuckDB writes the two in
turns, one a checkpoint, and refuses a file in which one is damaged. Data keep their checksums: what DuckDB
says is damaged is never taken for an event.
"""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from audit_store import store_files
from audit_store.engines.duckdb import rw_lock
from audit_store.engines.duckdb.salvage import Found, save, survey
from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError, StoreCorrupt

HEADER_BYTES = 4096
BLOCK_BYTES = 256 << 10
_FIRST_BLOCK = 3 * HEADER_BYTES
WAIT = 10.0
_CHECKSUM = re.compile(r"computed checksum (\d+) does not match .* in block at location (\d+)\b")
_DOUBT = (
    "a header of the file was damaged; if it was that of the last checkpoint, the events of the last fold "
    "may be missing without a trace"
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a repair found.

    `found` is None where nothing could be opened. `saved` names the new file, if one was needed; `doubts` say
    what may be missing without a trace, `notes` what else there is to know.
    """

    store: Path
    problem: str = ""
    found: Found | None = None
    saved: Path | None = None
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """0: healthy, or everything is saved. 1: something is missing. 2: nothing could be opened."""
        if self.found is None:
            return 2
        return 1 if self.found.missing or self.doubts else 0

    def words(self) -> str:
        """The same for a person, a line each."""
        lines = [f"{self.store}: {self.problem or 'every event can be read'}"]
        if self.found is not None:
            lines += self.found.words()
        elif self.problem:
            lines.append("nothing could be opened; restore the file from a backup")
        if self.saved is not None:
            lines.append(f"what can be read is saved in {self.saved}; the store itself was not changed")
        return "\n".join([*lines, *self.doubts, *self.notes])


def repair(store: Path, wait: float = WAIT) -> Report:
    """Look at every value of a store, and save what can be read of a damaged one beside it.

    `wait` is in seconds. Raises StoreNotFound, StoreBusy and StoreNewer; AuditStoreError when a file that an
    earlier repair saved is in the way.
    """
    report = Report(store, notes=tuple(_beside(store)))
    try:
        with Store(store).read(wait) as reader:
            found = survey(reader)
    except StoreCorrupt as error:
        return _salvaged(replace(report, problem=str(error)), None, wait)
    if found.damaged:
        problem = f"{found.damaged:,} events lie in damaged parts of the file"
        return _salvaged(replace(report, problem=problem), found, wait)
    return replace(
        report, found=found, problem="seq has gaps, and nothing is damaged" if found.missing else ""
    )


def saved_file(store: Path) -> Path:
    """Where a repair saves what it could read."""
    return store.with_name(store.name + ".repaired.duckdb")


def _beside(store: Path) -> Iterator[str]:
    if waiting := store_files.waiting_events(store):
        yield f"{waiting:,} events wait safely in {store_files.spool_dir(store)}; python -m ingest fold stores them"
    for path in store_files.set_aside(store):
        yield f"set aside by a fold, for a person to look at: {path}"


def _salvaged(report: Report, found: Found | None, wait: float) -> Report:
    """The best of what the file and its copy give, saved."""
    target = saved_file(report.store)
    if target.exists():
        raise AuditStoreError(f"{target} is there already; move it away, and repair again")
    best, headers, doubts = found, b"", tuple[str, ...]()
    with tempfile.TemporaryDirectory(dir=report.store.parent, prefix=f"{report.store.name}.repair-") as name:
        copy = _copy(report.store, Path(name), wait)
        own = _parts(copy)
        for tried in _headers(copy):
            _write_headers(copy, tried)
            other = _surveyed(copy)
            if other is not None and (best is None or other.events > best.events):
                best = other if best is None else other.up_to(best.last)
                headers = b"".join(_parts(copy))
                doubts = (*_lost_wal(report.store), *((_DOUBT,) if _parts(copy)[1:] != own[1:] else ()))
        if best is None:
            return report
        if headers:
            _write_headers(copy, headers)
        saved = Path(name) / "saved.duckdb"
        save(Store(copy if headers else report.store), best, saved, wait)
        saved.replace(target)
    return replace(report, found=best, saved=target, doubts=doubts)


def _lost_wal(store: Path) -> Iterator[str]:
    """What a store may lack without its WAL."""
    wal = store.with_name(store.name + ".wal")
    if wal.exists():
        yield (
            f"{wal} is left out, the file cannot be read with it: if it held events, a fold was interrupted, "
            "and they still wait in the spool"
        )


def _surveyed(copy: Path) -> Found | None:
    for _ in range(4):  # each of three headers may need a checksum
        try:
            with Store(copy).read(checked=False) as reader:
                return survey(reader)
        except AuditStoreError as error:
            if not _mended(copy, str(error)):
                break
    return None


def _mended(copy: Path, refusal: str) -> bool:
    """Give a header of the copy the checksum that DuckDB asks for; blocks of data keep theirs."""
    asked = _CHECKSUM.search(refusal)
    if asked is None or int(asked[2]) >= _FIRST_BLOCK:
        return False
    with copy.open("r+b") as file:
        file.seek(int(asked[2]))
        file.write(int(asked[1]).to_bytes(8, "little"))
    return True


def _copy(store: Path, folder: Path, wait: float) -> Path:
    """A copy of the file without its WAL."""
    copy = folder / "copy.duckdb"
    with rw_lock.acquired(store, exclusive=True, deadline=time.monotonic() + wait):
        shutil.copyfile(store, copy)
    with copy.open("r+b") as file:
        size = max(file.seek(0, os.SEEK_END), _FIRST_BLOCK)
        # Zeros make the last block whole again: the end of it may never have been used.
        file.truncate(size + -(size - _FIRST_BLOCK) % BLOCK_BYTES)
    return copy


def _headers(copy: Path) -> Iterator[bytes]:
    """The three headers to try; those of the file itself first."""
    fresh = copy.with_name("fresh.duckdb")
    with Store(fresh).write():
        pass
    main, first, second = _parts(copy)
    for head in (main, _parts(fresh)[0]):
        yield head + first + second
        yield head + second * 2
        yield head + first * 2


def _parts(file: Path) -> list[bytes]:
    with file.open("rb") as content:
        return [content.read(HEADER_BYTES) for _ in range(3)]


def _write_headers(copy: Path, headers: bytes) -> None:
    with copy.open("r+b") as file:
        file.write(headers)
