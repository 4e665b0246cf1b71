"""The table of deliveries: the messages to each receiver, and which of them it has acknowledged."""

import contextlib
import fcntl
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from audit_store.errors import StoreBusy
from audit_store.file_lock import locked
from audit_store.local_time import now, utc_text
from audit_store.state import json_files
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
    """A message to one receiver, and whether the receiver has acknowledged it."""

    id: int
    message: Message
    is_delivered: bool


@contextlib.contextmanager
def one_sender(store: Path, wait: float | None = None) -> Iterator[None]:
    """Hold the right to send for this store; `wait` is in seconds (default: SENDER_WAIT). Raises StoreBusy."""
    lock = store.with_name(f"{store.name}.deliveries.lock")
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
        return _of_sink(connection, store, sink)


def add(store: Path, sink: str, messages: Sequence[Message]) -> list[Delivery]:
    """Add messages that are due; durable when this returns. Gives all deliveries to the receiver, oldest first.

    Raises what `json_files.transaction` raises.
    """
    with json_files.transaction(store, _TABLE) as connection:
        for message in messages:
            _insert(connection, sink, message, utc_text(now()), None)
        return _of_sink(connection, store, sink)


def acknowledge(store: Path, delivery: Delivery) -> None:
    """Note that the receiver has a message; durable when this returns. Raises what `json_files.transaction` raises."""
    with json_files.transaction(store, _TABLE) as connection:
        connection.execute(
            "UPDATE deliveries SET delivered_at = ? WHERE id = ?", (utc_text(now()), delivery.id)
        )


def json_path(store: Path) -> Path:
    """The JSON file of deliveries: a line for each message that is due, and one for each that has arrived."""
    return store.with_name(f"{store.name}.deliveries.jsonl")


def _of_sink(connection: Connection, store: Path, sink: str) -> list[Delivery]:
    rows = connection.execute(
        "SELECT id, key, spans, sentence, body, delivered_at FROM deliveries WHERE sink = ? ORDER BY id",
        (sink,),
    ).fetchall()
    return [
        Delivery(row_id, Message(key, decoded(store, spans), sentence, body), delivered_at is not None)
        for row_id, key, spans, sentence, body, delivered_at in rows
    ]


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
