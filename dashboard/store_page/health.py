"""The health of the store, for a page that has to work when the file cannot be read."""

import contextlib
import os
import shlex
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

from alarms.records import reading
from alarms.records.reading import Progress
from alarms.watchdog.checks import DELIVERY
from alarms.watchdog.recording import subject_of
from audit_store.errors import AuditStoreError, StoreNotFound, os_error_text
from audit_store.quantities import counted, size
from audit_store.state import deliveries
from audit_store.store_files import count_waiting, set_aside, spool_dir, unusable, waiting_events
from dashboard import data, faults
from dashboard.server import background_service
from ingest.rejects import count_rejects, rejects_path
from ingest.spool import intake


@dataclass(frozen=True, slots=True)
class Health:
    """The paths, counts and problems of one store.

    `size` is in words; `contents`, `progress` (of detection) and `rejected` are None where they could not be read;
    `problem` says why the store could not. `detector_error` is why the log was not judged at last. `faults` are the
    sentences of the watchdog's alarms that last, apart from those that say what `refused_alarms` does: a line for each
    message about an alarm that a receiver refused.
    """

    path: Path
    rejects: Path
    spool: Path
    contents: data.Contents | None
    size: str
    waiting: int
    rejected: int | None
    set_aside: list[str]
    not_folded: list[intake.Left]
    unusable: list[str]
    problem: AuditStoreError | None
    folds: bool
    fold_error: str | None
    progress: Progress | None
    detector_error: str | None
    faults: list[str]
    refused_alarms: list[str]

    @property
    def is_new(self) -> bool:
        """Whether there is no store at the path yet, which the first event creates."""
        return isinstance(self.problem, StoreNotFound)

    @property
    def option(self) -> str:
        """The option of a command that names the store."""
        return f"--store {shlex.quote(str(self.path))}"


def look() -> Health:
    """The health of the store; never raises for one that is missing, busy or damaged."""
    path = data.store().path.absolute()
    contents, problem, rejected, progress = None, None, None, None
    lasting: list[str] = []
    refused = _dead_letters(path)
    refusing = {letter.sink for letter in refused}
    with contextlib.suppress(AuditStoreError):
        rejected = count_rejects(path)
    try:
        contents = data.contents()
        progress = reading.progress(data.store())
        # The dead letters themselves say what they are, at once and only as long as there are any.
        lasting = [
            record.sentence
            for record in faults.running()
            if not (record.rule == DELIVERY and subject_of(record) in refusing)
        ]
    except AuditStoreError as error:
        problem = error
    return Health(
        path=path,
        rejects=rejects_path(path),
        spool=spool_dir(path),
        contents=contents,
        size=size(path.stat().st_size) if path.exists() else "no file yet",
        waiting=waiting_events(path),
        rejected=rejected,
        set_aside=[segment.name for segment in set_aside(path)],
        not_folded=intake.left(path),
        unusable=[str(file) for file in unusable(path)],
        problem=problem,
        folds=background_service.folds(),
        fold_error=background_service.error(),
        progress=progress,
        detector_error=background_service.detector_error(),
        faults=lasting,
        refused_alarms=[f"{letter.answer}: {letter.message.sentence}" for letter in refused],
    )


def _dead_letters(path: Path) -> list[deliveries.Delivery]:
    """The messages that a receiver refused; none where they cannot be read, which the page says itself."""
    with contextlib.suppress(AuditStoreError):
        return deliveries.dead_letters(path)
    return []


def missing_roll_ups(contents: data.Contents) -> str | None:
    """How many events the roll-ups count, in words; None where they leave out less than a batch."""
    if contents.events - contents.rolled_up < data.store().batch_rows:
        return None
    return f"{100 * contents.rolled_up // contents.events} % of events"


def held_up() -> str | None:
    """Why events that wait in the spool are not shown; None where this dashboard folds them."""
    error = background_service.error()
    if background_service.folds() and error is None:
        return None
    try:
        waiting = count_waiting(data.store().path)
    except OSError as failure:
        return f"The spool cannot be listed, so events may wait in it: {os_error_text(failure)}"
    if not waiting:
        return None
    reason = error or "this dashboard is read-only; run `python -m ingest fold` to load them"
    return f"{counted(waiting, 'event')} in the spool: {reason}"


def state() -> Hashable:
    """A value that changes whenever the health does; read without opening the store."""
    store = data.store()
    folder = store.path.absolute().parent
    beside = frozenset(_sizes(folder, store.path.name)) | frozenset(_sizes(spool_dir(store.path), ""))
    return store.version(), beside, background_service.error(), background_service.detector_error()


def _sizes(folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
    """The names and sizes of the files of a folder whose names begin with `prefix`."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.startswith(prefix):
                yield entry.path, entry.stat(follow_symlinks=False).st_size
