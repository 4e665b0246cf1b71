"""What must hold after any fault and one ordinary fold: every acknowledged event is stored once, and unchanged."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit_store.backup.restore import restore
from audit_store.engines.protocol import Query
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, StoreNotFound
from audit_store.export import verify
from audit_store.state import triage
from ingest.fold import fold
from ingest.rejects import rejects_path
from ingest.spool.folder import has_waiting
from ingest.status import status
from tests.faults.damage import Target
from tests.faults.workloads import BACKUP, EXPORT, Report, fields

_COLUMNS = (
    "SELECT seq, event_id::VARCHAR AS event_id, occurred_at::VARCHAR AS occurred_at, agent, activity, description, "
    "outcome, source_ip, target, metadata::VARCHAR AS metadata FROM events ORDER BY seq"
)
_TEXTS = ("listed", "contradiction", "marked", "unmarked", "exported")
_STORED_TIME = "2026-03-14 09:26:53.589793"


@dataclass
class Expected:
    """What was sent and acknowledged, from the lines of reports."""

    ids: dict[int, str] = field(default_factory=dict)
    batches: list[list[int]] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    texts: dict[str, list[str]] = field(default_factory=lambda: {word: [] for word in _TEXTS})

    @classmethod
    def of(cls, lines: Iterable[str]) -> "Expected":
        """Read lines; one that is cut short by a kill counts for nothing."""
        expected = cls()
        for line in lines:
            word, _, rest = line.partition(" ")
            if word == "sent":
                expected.batches.append([int(number) for number in rest.split()])
            elif word == "acknowledged":
                pairs = (pair.split("=") for pair in rest.split())
                expected.ids |= {int(number): event_id for number, event_id in pairs}
            elif word == "refused":
                stored, *numbers = rest.split()
                if stored == "not-stored":
                    expected.refused |= {int(number) for number in numbers}
            elif word in expected.texts:
                expected.texts[word].append(rest)
        return expected

    @property
    def numbers(self) -> set[int]:
        """Every event that may be in the store."""
        return {number for batch in self.batches for number in batch} | self.ids.keys()


def recover(store: Path) -> list[str]:
    """Restore from a backup, if there is one, and one ordinary fold; gives what keeps it from storing what waits."""
    if failure := _restored(store):
        return [failure]
    if not store.exists() and not has_waiting(store):
        return []
    try:
        fold(store)
    except AuditStoreError as error:
        return [f"needs a person: {type(error).__name__}: {error}"]
    except Exception as error:
        return [f"needs a person: the fold raised {type(error).__name__}: {error}"]
    return [f"needs a person: events still wait in {store.name}.spool"] if has_waiting(store) else []


def _restored(store: Path) -> str | None:
    """Why a backup, if there is one, cannot be restored; None also where the store holds more than the backup."""
    folder = store.with_name(BACKUP)
    try:
        if folder.exists():
            restore(folder, store)
    except AuditStoreError as error:
        if "can be read" not in str(error):
            return f"needs a person: restoring raised {type(error).__name__}: {error}"
    return None


def problems(store: Path, expected: Expected) -> list[str]:
    """What does not hold of a recovered store."""
    try:
        with open_store(store).read() as reader:
            rows = reader.arrow(Query(_COLUMNS)).to_pylist()
    except StoreNotFound:
        rows = []
    except AuditStoreError as error:
        return [f"needs a person: reading raised {type(error).__name__}: {error}"]
    found = [*_of_rows(rows, expected), *_of_events(rows, expected), *_of_lists(store, expected)]
    return [*found, *_of_rollups(store), *_of_marks(store, expected), *_of_export(store, expected)]


def _of_rollups(store: Path) -> list[str]:
    try:
        return [f"silent: {sentence}" for sentence in open_store(store).check()]
    except StoreNotFound:
        return []
    except AuditStoreError as error:
        return [f"needs a person: comparing roll-ups raised {type(error).__name__}: {error}"]


def _of_marks(store: Path, expected: Expected) -> list[str]:
    try:
        notes = [row.note for row in triage.read(store)]
    except AuditStoreError as error:
        return [f"needs a person: reading the states of alarms raised {type(error).__name__}: {error}"]
    lost = [f"lost: the mark {note}" for note in sorted(set(expected.texts["marked"]) - set(notes))]
    wrong = [
        f"wrong word: the mark {note} was not stored, and is"
        for note in sorted(set(expected.texts["unmarked"]) & set(notes))
    ]
    doubled = [f"doubled: the mark {note}" for note in set(notes) if notes.count(note) > 1]
    return [*lost, *wrong, *doubled]


def _of_export(store: Path, expected: Expected) -> list[str]:
    """An export is what its manifest says, or it is named as interrupted."""
    file = store.with_name(EXPORT)
    differences = verify.check(file) if file.exists() else []
    if expected.texts["exported"] and (differences or file.read_bytes().count(b"\n") != 5):
        return [f"lost: the export: {differences}"]
    wrong = [
        text for text in differences if "export was interrupted" not in text and "does not exist" not in text
    ]
    return [f"silent: the export has another manifest: {text}" for text in wrong]


def number_of(row: dict[str, Any]) -> int:
    """The number of a stored event, -1 for one that nobody sent."""
    word, _, number = str(row["description"]).partition(" ")
    return int(number) if word == "event" and number.isdecimal() else -1


def is_unchanged(row: dict[str, Any], number: int) -> bool:
    """Whether a stored row has the values of the event with that number."""
    event = fields(number)
    sent = event | {"metadata": event["metadata"], "occurred_at": _STORED_TIME}
    try:
        stored = row | {"metadata": json.loads(row["metadata"])}
    except ValueError:
        return False
    return all(stored[name] == value for name, value in sent.items())


def _of_rows(rows: list[dict[str, Any]], expected: Expected) -> list[str]:
    found = []
    if [row["seq"] for row in rows] != list(range(len(rows))):
        found.append("gap: seq is not 0, 1, 2, …")
    for row in rows:
        number = number_of(row)
        if number not in expected.numbers:
            found.append(f"silent: an event that nobody sent: {row['description']!r}")
        elif not is_unchanged(row, number):
            found.append(f"silent: event {number} was changed")
        elif expected.ids.get(number) not in (None, "", row["event_id"]):
            found.append(f"silent: event {number} has another id")
    return found


def _of_events(rows: list[dict[str, Any]], expected: Expected) -> list[str]:
    stored = Counter(map(number_of, rows))
    lost = [f"lost: event {number}" for number in sorted(expected.ids) if not stored[number]]
    doubled = [f"doubled: event {number}" for number, count in stored.items() if count > 1]
    torn = [
        f"torn: {len(batch)} events from {batch[0]} are stored in part"
        for batch in expected.batches
        if 0 < sum(stored[number] > 0 for number in batch) < len(batch)
    ]
    wrong = [f"wrong word: event {n} was not stored, and is" for n in sorted(expected.refused) if stored[n]]
    wrong += [f"wrong word: {text}" for text in expected.texts["contradiction"]]
    return [*lost, *doubled, *torn, *wrong]


def check_damaged(store: Path, lines: list[str], target: Target, stem: str, report: Report) -> None:
    """Report what does not hold after a file of the store was damaged; `stem` is that of its name.

    The events of the file may be refused, in words, not changed, nor go without a word. Whatever was elsewhere is
    stored. A store that cannot be read says so.
    """
    expected, held = Expected.of(lines), target.held
    elsewhere = Expected(
        {number: event_id for number, event_id in expected.ids.items() if number not in held},
        expected.batches,
    )
    words = _words_of_a_fold(store)
    if words and not held:
        return
    found = problems(store, elsewhere)
    if not target.has_checksums:
        own = [f"{word}: event {number}" for word in ("silent", "doubled") for number in held]
        allowed = re.compile("|".join(["silent: an event that nobody sent", *(rf"{text}\b" for text in own)]))
        found = [problem for problem in found if not allowed.match(problem)]
    elif not words and not _is_listed(store, stem):
        found += [
            problem.replace("lost:", "silent: without a word,")
            for problem in problems(store, expected)
            if problem.startswith("lost") and problem not in found
        ]
    for problem in found:
        report.line(problem.replace("\n", " "))


def _words_of_a_fold(store: Path) -> str:
    """What an ordinary fold and the status say is wrong."""
    try:
        problems_of_fold = fold(store).problems
    except AuditStoreError as error:
        return str(error)
    return str(status(store)["problem"] or " ".join(problems_of_fold))


def _is_listed(store: Path, stem: str) -> bool:
    """Whether anything of a file is listed, its conflicts aside."""
    path = rejects_path(store)
    listed = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    return any(stem in reject["file"] and "another body" not in reject["reason"] for reject in listed)


def _of_lists(store: Path, expected: Expected) -> list[str]:
    path = rejects_path(store)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    counts = {text: sum(text in line for line in lines) for text in expected.texts["listed"]}
    return [f"lost: {text!r} is not listed" for text, count in counts.items() if not count] + [
        f"doubled: {text!r} is listed {count} times" for text, count in counts.items() if count > 1
    ]
