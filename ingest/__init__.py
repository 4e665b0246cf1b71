"""Appends events durably, from any script, thread or process.

from ingest import append
append(agent="support-7@bik.example", activity="Login", outcome="failure", source_ip="203.0.113.9")
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from audit_store.errors import (
    AuditStoreError,
    EventConflict,
    InvalidEvent,
    SpoolFull,
    StoreBusy,
    StoreCorrupt,
    StoreLost,
    StoreNewer,
    StoreNotFound,
)
from audit_store.event import Event
from audit_store.store_files import default_store, is_new_or_remembered
from ingest import fold_scheduler
from ingest.spool.event_line import event_line
from ingest.spool.folder import publish, write_part
from ingest.spool.segment_names import batch_ending
from ingest.spool.writer import SpoolWriter

if TYPE_CHECKING:
    from ingest.log_handler import AuditLogHandler

__all__ = [
    "AuditLogHandler",
    "AuditStoreError",
    "EventConflict",
    "InvalidEvent",
    "SpoolFull",
    "StoreBusy",
    "StoreCorrupt",
    "StoreLost",
    "StoreNewer",
    "StoreNotFound",
    "append",
    "append_many",
    "default_store",
]

_writers: dict[str, SpoolWriter] = {}


def append(*, store: Path | str | None = None, fold: bool = True, **event: Any) -> str:
    """Store one event durably; gives its `event_id` (a UUID, as in the column of that name).

    The keywords are the fields of an event: `agent` and `activity` are required, and `occurred_at` is by default the
    time of the call. When `append` returns, the event survives a crash and a power loss. Unless `fold=False`, it is
    moved into the DuckDB file within about a second, or at exit, whenever the file is free.

    Raises InvalidEvent (not stored, whenever it is sent), StoreCorrupt where another program's file is at the path of
    the store (not stored), and SpoolFull (not stored); the attribute `stored` of any other AuditStoreError says whether
    to send the event again.
    """
    return append_event(Event.of(event), store=store, fold=fold)


def append_event(event: Event, *, store: Path | str | None = None, fold: bool = True) -> str:
    """The same for an event that is checked already."""
    name = _absolute(store)
    line, event_id = event_line(event)
    try:
        (_writers.get(name) or _new_writer(name)).append(line)
    except AuditStoreError as error:
        error.event_ids = (event_id,)
        raise
    if fold:
        fold_scheduler.fold_soon(Path(name))
    return event_id


def append_many(
    events: Iterable[Mapping[str, Any]], *, store: Path | str | None = None, fold: bool = True
) -> list[str]:
    """Store a batch of events, all or none; gives their `event_id`s in order.

    Raises as `append` does, and EventConflict when two events of the batch have the same (source, event_id) and
    differ. InvalidEvent names the row, counted from 1.
    """
    checked = [_checked(event, row) for row, event in enumerate(events, start=1)]
    return append_events(checked, store=store, fold=fold)


def append_events(
    events: Sequence[Event], *, store: Path | str | None = None, fold: bool = True
) -> list[str]:
    """The same for events that are checked already."""
    _refuse_conflicts(events)
    if not events:
        return []
    name = _absolute(store)
    path = Path(name)
    lines, event_ids = zip(*map(event_line, events), strict=True)
    content = b"\n".join(lines) + b"\n"
    ending = batch_ending(len(lines), crc32(content))
    try:
        if name not in _writers:
            _new_writer(name)
        publish([write_part(path, ending, lambda file: file.write(content))])
    except AuditStoreError as error:
        error.event_ids = event_ids
        raise
    if fold:
        fold_scheduler.fold_soon(path)
    return list(event_ids)


def __getattr__(name: str) -> Any:
    # `import ingest` alone does not load logging.
    if name == "AuditLogHandler":
        from ingest.log_handler import AuditLogHandler

        return AuditLogHandler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _absolute(store: Path | str | None) -> str:
    # Text, because a path object costs as much as the rest of the way to the spool.
    return os.path.abspath(default_store() if store is None else store)  # noqa: PTH100


def _new_writer(name: str) -> SpoolWriter:
    """The writer of a store. Raises StoreCorrupt where a file that is no store is there: no fold could ever read it."""
    path = Path(name)
    if not is_new_or_remembered(path):
        # Loads DuckDB, but only for a file that no fold has written yet.
        from audit_store.engines.registry import refuse_foreign

        refuse_foreign(path)
    # Of two threads that come first, one discards its writer; a lock could be held for ever after a fork.
    return _writers.setdefault(name, SpoolWriter(path))


def _checked(event: Mapping[str, Any], row: int) -> Event:
    try:
        return Event.of(event)
    except InvalidEvent as refusal:
        raise refusal.at_row(row) from None


def _refuse_conflicts(events: Sequence[Event]) -> None:
    seen: dict[tuple[str, str], tuple[int, Event]] = {}
    for row, event in enumerate(events, start=1):
        if event.event_id is None:
            continue
        first_row, first = seen.setdefault((event.source, event.event_id), (row, event))
        if first != event:
            raise EventConflict(
                f"rows {first_row} and {row} have the same event_id {event.event_id!r} and differ; "
                "nothing was stored"
            )
