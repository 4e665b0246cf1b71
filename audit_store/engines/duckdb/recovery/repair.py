"""Repair: says which events of a store can be read, and saves them in a new file. The store itself never changes.

A damaged store is read in ranges of seq; only whole events count. Where that does not suffice, a copy without the
WAL is tried with other headers (audit_store/engines/duckdb/recovery/header_repair.py).
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from audit_store import store_files
from audit_store.engines.duckdb.recovery import header_repair
from audit_store.engines.duckdb.recovery.salvage import Survey, save, survey
from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError, StoreCorrupt, one_line
from audit_store.quantities import counted

WAIT = 10.0
_HEADER_WARNING = (
    "A header of the file was damaged. If it was the header of the last checkpoint, events of the last fold may be "
    "missing without being counted."
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a repair read and saved.

    `survey` is None if nothing could be opened. `saved` names the new file, if one was needed. `warnings` say
    what may be missing without being counted, `notes` what else a person should know.
    """

    store: Path
    problem: str = ""
    survey: Survey | None = None
    saved: Path | None = None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """0: every event can be read or is saved; 1: events are missing; 2: nothing could be read."""
        if self.survey is None:
            return 2
        return 1 if self.survey.missing or self.warnings else 0

    def text(self) -> str:
        """The report for a person, in lines."""
        lines = [f"{self.store}: {self.problem or 'every event can be read'}"]
        if self.survey is not None:
            lines += self.survey.lines()
        elif self.problem:
            lines.append(
                "nothing could be opened; put a backup in its place with "
                f"python -m audit_store restore BACKUP --store {self.store}"
            )
        if self.saved is not None:
            lines.append(f"what can be read is saved in {self.saved}; the store itself was not changed")
        return "\n".join(map(one_line, [*lines, *self.warnings, *self.notes]))


def repair(store: Path, wait: float = WAIT) -> Report:
    """Read every value of a store, and save what can be read of a damaged one beside it.

    `wait` is in seconds. Raises StoreNotFound, StoreBusy and StoreNewer, and AuditStoreError when the file of an
    earlier repair is still there.
    """
    report = Report(store, notes=tuple(_spool_notes(store)))
    try:
        with Store(store).read(wait) as reader:
            surveyed = survey(reader)
    except StoreCorrupt as error:
        return _salvaged(replace(report, problem=str(error)), None, wait)
    if surveyed.damaged:
        problem = f"{counted(surveyed.damaged, 'event')} in damaged parts of the file"
        return _salvaged(replace(report, problem=problem), surveyed, wait)
    problem = "seq has gaps, although nothing is damaged" if surveyed.missing else ""
    return replace(report, survey=surveyed, problem=problem)


def saved_file(store: Path) -> Path:
    """Where a repair saves what it could read."""
    return store.with_name(store.name + ".repaired.duckdb")


def _spool_notes(store: Path) -> Iterator[str]:
    if waiting := store_files.waiting_events(store):
        yield (
            f"{counted(waiting, 'event')} safe in {store_files.spool_dir(store)}; "
            f"run python -m ingest fold --store {store} to store them"
        )
    for path in store_files.set_aside(store):
        yield f"set aside by a fold because it holds rejected records: {path}"


def _salvaged(report: Report, surveyed: Survey | None, wait: float) -> Report:
    """The better of what the file and its copy give, saved."""
    target = saved_file(report.store)
    if target.exists():
        raise AuditStoreError(f"{target} exists already; move it away, and repair again")
    with tempfile.TemporaryDirectory(dir=report.store.parent, prefix=f"{report.store.name}.repair-") as name:
        folder = Path(name)
        copy = header_repair.copy_without_wal(report.store, folder, wait)
        own_headers = header_repair.read_headers(copy)
        best, headers = _best(copy, surveyed)
        if best is None:
            return report
        warnings: tuple[str, ...] = ()
        if headers:
            header_repair.write_headers(copy, headers)
            changed = header_repair.read_headers(copy)[1:] != own_headers[1:]
            warnings = (*_wal_warning(report.store), *((_HEADER_WARNING,) if changed else ()))
        saved = folder / "saved.duckdb"
        save(Store(copy if headers else report.store), best, saved, wait)
        saved.chmod(store_files.mode_beside(report.store))
        saved.replace(target)
    return replace(report, survey=best, saved=target, warnings=warnings)


def _best(copy: Path, surveyed: Survey | None) -> tuple[Survey | None, bytes]:
    """The survey with most events, and the headers of the copy that gave it; none where the file itself gave it."""
    best, best_headers = surveyed, b""
    for headers in header_repair.candidates(copy):
        header_repair.write_headers(copy, headers)
        tried = _surveyed(copy)
        if tried is not None and (best is None or tried.events > best.events):
            best = tried if best is None else tried.up_to(best.last)
            best_headers = b"".join(header_repair.read_headers(copy))
    return best, best_headers


def _surveyed(copy: Path) -> Survey | None:
    for _ in range(4):  # each of the three headers may need a checksum
        try:
            with Store(copy).read(checked=False) as reader:
                return survey(reader)
        except AuditStoreError as error:
            if not header_repair.correct_checksum(copy, str(error)):
                break
    return None


def _wal_warning(store: Path) -> Iterator[str]:
    wal = store.with_name(store.name + ".wal")
    if wal.exists():
        yield (
            f"{wal} is left out because the file cannot be read with it. If it holds events, a fold was interrupted, "
            "and they are still in the spool."
        )
