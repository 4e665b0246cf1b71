"""The list of what could not be stored: one JSON line a record, beside the store."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was not stored: its file, its line (from 1), why, and its text."""

    file: str
    line: int
    reason: str
    raw: str


def rejects_path(store: Path) -> Path:
    """Where the rejects of this store are listed unless the caller names another file."""
    return store.with_name(store.name + ".rejects.jsonl")


def write_rejects(path: Path, rejected: Iterable[Rejected]) -> int:
    """Add records to the list; gives how many."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    lines = [
        json.dumps(
            {"file": one.file, "line": one.line, "reason": one.reason, "raw": one.raw, "rejected_at": now},
            ensure_ascii=False,
        )
        for one in rejected
    ]
    if lines:
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write("\n".join(lines) + "\n")
    return len(lines)


def count_rejects(store: Path) -> int:
    """How many records the store's own list holds."""
    try:
        with rejects_path(store).open("rb") as file:
            return sum(1 for _ in file)
    except FileNotFoundError:
        return 0
