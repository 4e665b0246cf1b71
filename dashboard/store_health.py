"""How the store is doing: read by a page that must work when the file cannot be."""

from dataclasses import dataclass
from pathlib import Path

from audit_store.errors import AuditStoreError
from audit_store.store_files import spool_dir, unreadable
from dashboard import data
from dashboard.server import background_service
from dashboard.text import count
from ingest.rejects import count_rejects, rejects_path
from ingest.spool.writer import waiting_events

_UNITS = ("kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Health:
    """Counts, places and problems of one store.

    `size` is in bytes; `inside` is None where the file could not be read, and `problem` says why.
    """

    path: Path
    rejects: Path
    spool: Path
    inside: data.Inside | None
    size: int
    waiting: int
    rejected: int
    set_aside: list[str]
    unreadable: list[str]
    problem: AuditStoreError | None
    folds: bool
    fold_error: str | None


def look() -> Health:
    """The store now; never raises for one that is missing, busy or broken."""
    store = data.store()
    path = store.path.absolute()
    inside, problem = None, None
    try:
        inside = data.inside()
    except AuditStoreError as error:
        problem = error
    return Health(
        path=path,
        rejects=rejects_path(path),
        spool=spool_dir(path),
        inside=inside,
        size=path.stat().st_size if path.exists() else 0,
        waiting=waiting_events(path),
        rejected=count_rejects(path),
        set_aside=sorted(one.name for one in (spool_dir(path) / "set-aside").glob("*")),
        unreadable=[one.name for one in unreadable(path)],
        problem=problem,
        folds=background_service.folds(),
        fold_error=background_service.error(),
    )


def held_up() -> str | None:
    """Why events wait in the spool that this dashboard does not show; None where it brings them in itself."""
    if background_service.folds() and background_service.error() is None:
        return None
    waiting = waiting_events(data.store().path)
    if not waiting:
        return None
    why = background_service.error() or "this dashboard only reads; `python -m ingest fold` brings them in"
    return f"{count(waiting, 'event')} in the spool: {why}"


def size(number: int) -> str:
    """A number of bytes in its largest decimal unit: "6.0 MB"."""
    if number < 1000:
        return f"{number} bytes"
    power = min(len(_UNITS), (len(str(number)) - 1) // 3)
    return f"{number / 1000**power:,.1f} {_UNITS[power - 1]}"
