"""The table of deliveries: the messages to each receiver, and which of them it has acknowledged."""

import contextlib
import fcntl
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from audit_store.errors import StoreBusy, StoreCorrupt
from audit_store.file_lock import locked
from audit_store.local_time import now, utc_text
from audit_store.state import database, json_files
from audit_store.state.database import Connection, decoded

SENDER_WAIT = 60.0
"""Seconds to wait for another program that is sending."""


class Message(NamedTuple):
    """A message: `key` tells the receiver that it has it already, `spans` says which alarm, as in schema.sql."""

    key: str
    spans: Sequence[Mapping[str, str]]
    sentence: str
    body: str


class Delivery(NamedTuple):
    """A message to one receiver, and whether the receiver has acknowledged it.

    Of one that is not: how many attempts failed, when it may be sent again (naive UTC; None: at once), why the last
    attempt failed, and whether the receiver refused it for good, which makes it a dead letter.
    """

    id: int
    sink: str
    message: Message
    is_delivered: bool
    failures: int = 0
    next_at: datetime | None = None
    answer: str = ""
    refused_at: str | None = None


class Backlog(NamedTuple):
    """The messages that a receiver has not acknowledged: how many are `waiting` and how many it `refused`.

    `since` is when the oldest of them was added (naive UTC), `answer` why the newest attempt to send one failed.
    """

    sink: str
    since: datetime
    waiting: int
    refused: int
    answer: str


@contextlib.contextmanager
def one_sender(store: Path, sink: str, wait: float | None = None) -> Iterator[None]:
    """Hold the right to send to a receiver; `wait` is in seconds (default: SENDER_WAIT). Raises StoreBusy."""
    name = hashlib.sha256(sink.encode()).hexdigest()[:16]
    lock = store.with_name(f"{store.name}.deliveries-{name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + (SENDER_WAIT if wait is None else wait)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, fcntl.LOCK_EX, deadline, store))
        except StoreBusy as error:
            raise StoreBusy(
                f"another program is sending the alarms of {store}; the next run sends what it leaves ({error})"
            ) from error
        yield


def read(store: Path, sink: str) -> list[Delivery]:
    """The deliveries to a receiver, oldest first. Raises what `json_files.reading` raises."""
    with json_files.reading(store, _TABLE) as connection:
        return _deliveries(connection, store, "sink = ?", sink)


def dead_letters(store: Path) -> list[Delivery]:
    """The messages that their receivers refused, oldest first. Raises what `json_files.reading` raises."""
    with json_files.reading(store, _TABLE) as connection:
        return _deliveries(connection, store, "refused_at IS NOT NULL")


def backlogs(store: Path) -> list[Backlog]:
    """The receivers with messages that they have not acknowledged, by name. Raises what `json_files.reading` raises."""
    with json_files.reading(store, _TABLE) as connection:
        rows = connection.execute(
            "SELECT sink, min(created_at), count(*) - count(refused_at), count(refused_at), "
            "coalesce(max(next_at || ' ' || answer), '') FROM deliveries LEFT JOIN attempts ON delivery_id = id "
            "WHERE delivered_at IS NULL GROUP BY sink ORDER BY sink"
        ).fetchall()
    return [
        Backlog(sink, _time(store, created_at), waiting, refused, latest.partition(" ")[2])
        for sink, created_at, waiting, refused, latest in rows
    ]


def add(store: Path, sink: str, messages: Sequence[Message]) -> list[Delivery]:
    """Add messages that are due; durable when this returns. Gives all deliveries to the receiver, oldest first.

    Raises what `json_files.transaction` raises.
    """
    with json_files.transaction(store, _TABLE) as connection:
        for message in messages:
            _insert(connection, sink, message, utc_text(now()), None)
        return _deliveries(connection, store, "sink = ?", sink)


def acknowledge(store: Path, delivery: Delivery) -> None:
    """Note that the receiver has a message; durable when this returns. Raises what `json_files.transaction` raises."""
    with json_files.transaction(store, _TABLE) as connection:
        connection.execute(
            "UPDATE deliveries SET delivered_at = ? WHERE id = ?", (utc_text(now()), delivery.id)
        )
        connection.execute("DELETE FROM attempts WHERE delivery_id = ?", (delivery.id,))


def postpone(store: Path, delivery: Delivery, next_at: datetime, answer: str) -> None:
    """Note that an attempt failed, and when the next may be made (naive UTC). Raises as `acknowledge` does."""
    _note_failure(store, delivery, next_at, answer, None)


def refuse(store: Path, delivery: Delivery, answer: str) -> None:
    """Make a message a dead letter: its receiver refused it for good. Raises as `acknowledge` does."""
    _note_failure(store, delivery, now(), answer, utc_text(now()))


def send_again(store: Path, ids: Sequence[int]) -> int:
    """Make dead letters due again; gives how many of `ids` were dead letters. Raises as `acknowledge` does."""
    with json_files.transaction(store, _TABLE) as connection:
        marks = ", ".join("?" * len(ids))
        return connection.execute(
            f"DELETE FROM attempts WHERE refused_at IS NOT NULL AND delivery_id IN ({marks})", tuple(ids)
        ).rowcount


def json_path(store: Path) -> Path:
    """The JSON file of deliveries: a line for each message that is due, and one for each that has arrived."""
    return store.with_name(f"{store.name}.deliveries.jsonl")


def _deliveries(connection: Connection, store: Path, condition: str, *values: str) -> list[Delivery]:
    rows = connection.execute(
        "SELECT id, sink, key, spans, sentence, body, delivered_at, failures, next_at, answer, refused_at "
        f"FROM deliveries LEFT JOIN attempts ON delivery_id = id WHERE {condition} ORDER BY id",
        values,
    ).fetchall()
    return [
        Delivery(
            row_id,
            sink,
            Message(key, decoded(store, spans), sentence, body),
            delivered_at is not None,
            failures or 0,
            _moment(store, next_at),
            answer or "",
            refused_at,
        )
        for row_id, sink, key, spans, sentence, body, delivered_at, failures, next_at, answer, refused_at in rows
    ]


def _moment(store: Path, text: str | None) -> datetime | None:
    return None if text is None else _time(store, text)


def _time(store: Path, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise StoreCorrupt(f"{database.path_of(store)} is damaged: {text!r} is not a time") from error


def _note_failure(
    store: Path, delivery: Delivery, next_at: datetime, answer: str, refused_at: str | None
) -> None:
    with json_files.transaction(store, _TABLE) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO attempts (delivery_id, failures, next_at, refused_at, answer) "
            "VALUES (?, ?, ?, ?, ?)",
            (
                delivery.id,
                delivery.failures + 1,
                utc_text(next_at),
                refused_at,
                json_files.well_formed(answer),
            ),
        )


def _insert(
    connection: Connection, sink: str, message: Message, created_at: str, delivered_at: str | None
) -> None:
    connection.execute(
        "INSERT INTO deliveries (sink, key, spans, sentence, body, created_at, delivered_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            sink,
            message.key,
            json.dumps(message.spans),
            message.sentence,
            message.body,
            created_at,
            delivered_at,
        ),
    )


def _copy(connection: Connection, store: Path) -> None:
    records = json_files.records(json_path(store))
    arrivals = {
        (str(record.get("sink")), str(record.get("key"))): str(record.get("at"))
        for record in records
        if record.get("state") == "delivered"
    }
    for record in records:
        if record.get("state") == "due":
            with contextlib.suppress(KeyError, TypeError, ValueError):
                sink, key, sentence, body = (
                    json_files.well_formed(str(record[name])) for name in ("sink", "key", "sentence", "body")
                )
                message = Message(key, json_files.spans_of(record), sentence, body)
                _insert(connection, sink, message, str(record.get("at")), arrivals.get((sink, key)))


_TABLE = json_files.Table("deliveries", _copy)
