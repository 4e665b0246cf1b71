"""What the faults happen to: appends, folds, a new store, an import; and what each of them acknowledges.

An event has a number, and every field of it follows from the number, so that a change of any byte is seen.
"""

import contextlib
import csv
import io
import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from audit_store.backup.backup import backup
from audit_store.backup.restore import restore
from audit_store.cli import run
from audit_store.engines.duckdb.writing.fold import FoldTransaction
from audit_store.engines.registry import open_store
from audit_store.errors import NOT_STORED, AuditStoreError
from audit_store.event import Event
from audit_store.export.export import export_to
from audit_store.filters import EventFilter
from audit_store.state import triage
from audit_store.state.triage import TriageRow
from ingest import append, append_many
from ingest.__main__ import commands
from ingest.fold import fold
from ingest.importer import import_files
from ingest.spool.appended_lines import appended_rows
from ingest.spool.bulk_segments import BulkSegments
from ingest.spool.event_line import event_line
from ingest.spool.segment_writer import Segment
from tests.faults import shim

STORE = "audit.duckdb"
BACKUP = "backup"
EXPORT = "events.csv"
BATCH = 5
IMPORTED = 20
TAKEN_KEY, CONFLICT, BAD_LINE = "key-0", 900, "bad line 901"
_TIME = "2026-03-14T09:26:53.589793Z"


def fields(number: int) -> dict[str, Any]:
    """The event with a number."""
    return {
        "agent": f"agent-{number}",
        "activity": "Login",
        "description": f"event {number}",
        "occurred_at": _TIME,
        "outcome": "failure",
        "source_ip": f"192.0.2.{number % 256}",
        "target": f"target-{number}",
        "metadata": {"number": number, "text": "x" * 40},
    }


class Report:
    """What a workload says while it runs, one line each, through a pipe that outlives it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def line(self, *words: object) -> None:
        """Write words; the record of the shim has them, too."""
        text = " ".join(map(str, words))
        os.write(self._descriptor, text.encode() + b"\n")
        shim.note(text)

    def refused(self, error: AuditStoreError, *numbers: int) -> None:
        """What an error says of events."""
        self.line("refused", error.stored.split(":")[0].replace(" ", "-"), *numbers)

    @contextlib.contextmanager
    def sending(self, *numbers: int) -> Iterator[list[str]]:
        """Send events, all or none; the ids that the call returned go into the list that this gives."""
        self.line("sent", *numbers)
        event_ids: list[str] = []
        try:
            yield event_ids
        except AuditStoreError as error:
            self.refused(error, *numbers)
            raise
        self.line("acknowledged", *(f"{n}={i}" for n, i in zip(numbers, event_ids, strict=True)))


Body = Callable[[Path, Report], None]


def send(store: Path, report: Report, number: int, *, fold: bool = True, **more: str) -> None:
    """Append one event."""
    with report.sending(number) as event_ids:
        event_ids.append(append(store=store, fold=fold, **fields(number) | more))


def send_batch(store: Path, report: Report, first: int, size: int = BATCH, *, fold: bool = True) -> None:
    """Append events at once."""
    numbers = range(first, first + size)
    with report.sending(*numbers) as event_ids:
        event_ids += append_many([fields(number) for number in numbers], store=store, fold=fold)


def prepare_nothing(folder: Path, report: Report) -> None:
    """A new folder."""


def prepare_store(folder: Path, report: Report) -> None:
    """A store of three events, the first with a key."""
    store = folder / STORE
    send(store, report, 0, fold=False, event_id=TAKEN_KEY)
    for number in (1, 2):
        send(store, report, number, fold=False)
    fold(store)


def prepare_segments(folder: Path, report: Report) -> None:
    """The same, and in the spool one segment of each kind: with a conflict, a repeated event and a bad line."""
    prepare_store(folder, report)
    store = folder / STORE
    for number in (10, 11):
        send(store, report, number, fold=False)
    append(store=store, fold=False, **fields(CONFLICT) | {"event_id": TAKEN_KEY})
    report.line("listed", f"event {CONFLICT}")
    send_batch(store, report, 20, fold=False)
    for number in (*range(30, 30 + BATCH), 40, 41):
        report.line("sent", number)
    lines = {number: event_line(Event.of(fields(number))) for number in range(30, 30 + BATCH)}
    bulk = BulkSegments(store)
    bulk.write(appended_rows(b"".join(line + b"\n" for line, _ in lines.values())))
    bulk.publish()
    report.line("acknowledged", *(f"{number}={event_id}" for number, (_, event_id) in lines.items()))
    foreign = [json.dumps(fields(number) | {"event_id": f"key-{number}"}) for number in (40, 41, 41)]
    foreign.insert(1, BAD_LINE)
    (folder / f"{STORE}.spool" / "from-elsewhere.ndjson").write_text("\n".join(foreign) + "\n")
    report.line("acknowledged", "40=", "41=")
    report.line("listed", BAD_LINE)


def prepare_wal(folder: Path, report: Report) -> None:
    """A store whose last fold was killed after its commit: the write-ahead log and the segments are still there."""
    prepare_store(folder, report)
    for number in (10, 11):
        send(folder / STORE, report, number, fold=False)
    send_batch(folder / STORE, report, 20, fold=False)
    if (child := os.fork()) == 0:
        FoldTransaction.commit = _commit_and_die  # type: ignore[method-assign]
        fold(folder / STORE)
    os.waitpid(child, 0)


def _commit_and_die(transaction: FoldTransaction) -> None:
    transaction._connection.execute("COMMIT")
    os.kill(os.getpid(), signal.SIGKILL)


def run_append(folder: Path, report: Report) -> None:
    """Append singly; the events are folded when the process exits."""
    for number in range(100, 104):
        send(folder / STORE, report, number)


def run_group(folder: Path, report: Report) -> None:
    """Append three events in one write, as threads do that append together; half of it holds one whole event."""
    store, numbers = folder / STORE, range(500, 503)
    lines = [event_line(Event.of(fields(number))) for number in numbers]
    for number in numbers:
        report.line("sent", number)
    try:
        Segment.create(store).write([line for line, _ in lines])
    except OSError:
        report.line("refused", "not-stored", *numbers)
        raise
    pairs = zip(numbers, lines, strict=True)
    report.line("acknowledged", *(f"{number}={event_id}" for number, (_, event_id) in pairs))


def run_mark(folder: Path, report: Report) -> None:
    """Give an alarm a state, which creates the state file, and another one."""
    for note in ("first", "second"):
        try:
            triage.insert(folder / STORE, TriageRow("0b7bd8f1", "acknowledged", note, "ada", _TIME, {}))
        except AuditStoreError as error:
            if error.stored == NOT_STORED:
                report.line("unmarked", note)
            raise
        report.line("marked", note)


def prepare_export(folder: Path, report: Report) -> None:
    """A store of three events, which are exported, and one more event."""
    prepare_store(folder, report)
    export_to(folder / EXPORT, EventFilter(range="all"), "csv", open_store(folder / STORE))
    send(folder / STORE, report, 3, fold=False)
    fold(folder / STORE)


def run_export(folder: Path, report: Report) -> None:
    """Export the events to the same file again, twice."""
    for _ in range(2):
        export_to(folder / EXPORT, EventFilter(range="all"), "csv", open_store(folder / STORE))
    report.line("exported")


def run_append_many(folder: Path, report: Report) -> None:
    """Append two batches; the events are folded when the process exits."""
    for first in (200, 210):
        send_batch(folder / STORE, report, first)


def run_fold(folder: Path, report: Report) -> None:
    """Fold what waits."""
    fold(folder / STORE)


def run_import(folder: Path, report: Report) -> None:
    """Import a small file."""
    numbers = range(300, 300 + IMPORTED)
    file = folder.parent / "import.csv"
    names = [name for name in fields(0) if name != "metadata"]
    with file.open("w", newline="") as output:
        rows = csv.writer(output)
        rows.writerow([*names, "metadata"])
        for number in numbers:
            event = fields(number)
            rows.writerow([*(event[name] for name in names), json.dumps(event["metadata"])])
    for number in numbers:
        report.line("sent", number)
    try:
        counts = import_files(folder / STORE, [str(file)])
    except AuditStoreError as error:
        report.refused(error, *numbers)
        raise
    if counts.stored + counts.waiting == counts.read == IMPORTED:
        report.line("acknowledged", *(f"{number}=" for number in numbers))


def run_command(folder: Path, report: Report) -> None:
    """Append by the command line, which prints the id and folds."""
    event = fields(400)
    arguments = ["append", "--store", str(folder / STORE), "--metadata", json.dumps(event.pop("metadata"))]
    for name, value in event.items():
        arguments += [f"--{name.replace('_', '-')}", value]
    report.line("sent", 400)
    with (
        contextlib.redirect_stdout(io.StringIO()) as output,
        contextlib.redirect_stderr(io.StringIO()) as errors,
    ):
        status = run(commands, arguments, "ingest")
    if event_id := output.getvalue().strip():
        report.line("acknowledged", f"400={event_id}")
    words = errors.getvalue()
    if "(not stored)" in words:
        report.line("refused", "not-stored", 400)
    elif status != 0 and "(unknown: send it again with the same event_id: " not in words:
        report.line("contradiction", f"exit status {status} without a word of what is stored: {words}")
    if bool(event_id) != (status == 0):
        report.line("contradiction", f"exit status {status} and the id {event_id or 'not printed'}")
    if status != 0:
        raise AuditStoreError(words)


def run_without_end(folder: Path, report: Report) -> None:
    """Append singly and in batches, and fold, until something stops it."""
    store = folder / STORE
    for first in count(1000, 100):
        send_batch(store, report, first, fold=False)
        for number in range(first + BATCH, first + 10):
            send(store, report, number, fold=False)
        fold(store)


def prepare_lost(folder: Path, report: Report) -> None:
    """A store that is gone, a backup of it, and what waits in its spool."""
    prepare_store(folder, report)
    backup(folder / STORE, folder / BACKUP)
    (folder / STORE).unlink()
    send_batch(folder / STORE, report, 20, fold=False)


def run_backup(folder: Path, report: Report) -> None:
    """Back the store up."""
    _copy_by_writes()
    backup(folder / STORE, folder / BACKUP)


def run_restore(folder: Path, report: Report) -> None:
    """Put the backup in the place of the store, and fold what waits."""
    _copy_by_writes()
    restore(folder / BACKUP, folder / STORE)
    fold(folder / STORE)


def _copy_by_writes() -> None:
    """Copy files by calls that the shim knows."""
    os.__dict__.pop("copy_file_range", None)


@dataclass(frozen=True, slots=True)
class Workload:
    """What is there before, and what runs while a fault happens."""

    prepare: Body
    run: Body


WORKLOADS = {
    "append": Workload(prepare_store, run_append),
    "group": Workload(prepare_store, run_group),
    "mark": Workload(prepare_store, run_mark),
    "export": Workload(prepare_export, run_export),
    "append_many": Workload(prepare_store, run_append_many),
    "fold": Workload(prepare_segments, run_fold),
    "create": Workload(prepare_nothing, run_append),
    "import": Workload(prepare_store, run_import),
    "command": Workload(prepare_store, run_command),
    "recover": Workload(prepare_wal, run_fold),
    "backup": Workload(prepare_segments, run_backup),
    "restore": Workload(prepare_lost, run_restore),
}
