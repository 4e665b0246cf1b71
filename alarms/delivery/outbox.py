"""Alarms sent on, each once: an outbox beside the store remembers what is due and what has arrived.

`<store>.deliveries.jsonl` first takes the message, then the news that it arrived. A message whose fate is not known
(the answer got lost, the program was killed) is sent again with the same bytes and the same key, so that a receiver
that heeds `Idempotency-Key` acts on it once; one that was acknowledged is never sent again.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alarms.evidence import Told
from alarms.login_alarm import AlarmKey
from alarms.triage.identity import Scope, is_that, scope_of, scopes_of
from alarms.triage.journal import Journal

JOINED = timedelta(hours=3)
"""An alarm that grows by late events is still the one that was sent: spikes this close are one (analysis.alarms)."""

Send = Callable[[str, str, str], None]
"""Takes (sentence, body, key) and returns once the receiver has it; raises NotDelivered."""


class NotDelivered(Exception):
    """The receiver did not acknowledge a message; says why."""


@dataclass(frozen=True)
class Sink:
    """A receiver. `name` tells it from others and is written beside the store: never a URL, which may be secret."""

    name: str
    send: Send


@dataclass(frozen=True)
class Sent:
    """How many messages were `delivered`, and why the others still are `due`."""

    delivered: int
    due: int
    problems: tuple[str, ...]


@dataclass(frozen=True)
class _Message:
    key: str
    about: tuple[Scope, ...]
    sentence: str
    body: str


def outbox(store: Path) -> Journal:
    """The journal of deliveries of this store."""
    return Journal(store.with_name(store.name + ".deliveries.jsonl"))


def deliver(store: Path, store_id: str, told: Sequence[Told], sink: Sink) -> Sent:
    """Send what was never sent to this sink, the oldest first, and what an earlier run left due.

    Programs that deliver for the same store take turns. After a message that does not arrive the others wait for the
    next run: a receiver that is down is not worth a long queue of attempts. Raises what the journal raises.
    """
    journal = outbox(store)
    with journal.alone():
        known, arrived = _read(journal, sink)
        for each in sorted(told, key=lambda each: each.alarm.key.start):
            if not any(_same(each, message) for message in known):
                known.append(_message(store_id, each))
                journal.append(_due(known[-1], sink))
        return _send_all(journal, sink, [message for message in known if message.key not in arrived])


def undelivered(store: Path, told: Sequence[Told], sink: Sink) -> list[Told]:
    """Those of the alarms that this sink has not acknowledged."""
    known, arrived = _read(outbox(store), sink)
    return [
        each for each in told if not any(_same(each, message) and message.key in arrived for message in known)
    ]


def payload(store_id: str, told: Told) -> dict[str, Any]:
    """An alarm as JSON: times in UTC (RFC 3339), figures of its least likely hour, and `filter`, its events as the
    parameters of the log's URL. `text` is the sentence as chat receivers want it, with `&`, `<` and `>` escaped."""
    alarm, spike = told.alarm, told.alarm.spike
    return {
        "key": _delivery_key(store_id, alarm.key),
        "store": store_id,
        "kind": alarm.key.kind,
        "agent": alarm.key.agent or None,
        "start": _rfc3339(alarm.key.start),
        "end": _rfc3339(alarm.end),
        "also": [{"kind": each.key.kind, "agent": each.key.agent or None} for each in alarm.also],
        "sentence": told.sentence,
        "text": told.sentence.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "counted": alarm.noun,
        "total": spike.total,
        "observed": spike.observed,
        "expected": round(spike.expected, 3),
        "upper": spike.upper,
        "score": round(spike.score, 2),
        "failed": told.failed,
        "new_addresses": told.new_addresses,
        "address": told.address,
        "provisional": spike.provisional,
        "filter": alarm.where.parameters(),
    }


def _send_all(journal: Journal, sink: Sink, due: Sequence[_Message]) -> Sent:
    for place, message in enumerate(due):
        try:
            sink.send(message.sentence, message.body, message.key)
        except NotDelivered as error:
            return Sent(place, len(due) - place, (str(error),))
        journal.append({"state": "delivered", "sink": sink.name, "key": message.key, "at": _now()})
    return Sent(len(due), 0, ())


def _same(told: Told, message: _Message) -> bool:
    return is_that(told.alarm, message.about, JOINED)


def _delivery_key(store_id: str, key: AlarmKey) -> str:
    # Two stores may post to one receiver, and an alarm of one must not pass for that of the other.
    return AlarmKey(key.kind, f"{store_id} {key.scope}", key.agent, key.start).text


def _message(store_id: str, told: Told) -> _Message:
    body = payload(store_id, told)
    text = json.dumps(body, ensure_ascii=True, allow_nan=False)
    return _Message(body["key"], scopes_of(told.alarm), told.sentence, text)


def _due(message: _Message, sink: Sink) -> dict[str, Any]:
    return message.about[0].record() | {
        "also": [scope.record() for scope in message.about[1:]],
        "state": "due",
        "sink": sink.name,
        "key": message.key,
        "sentence": message.sentence,
        "body": message.body,
        "at": _now(),
    }


def _read(journal: Journal, sink: Sink) -> tuple[list[_Message], set[str]]:
    """Every message to this sink, and the keys of those that have arrived."""
    own = [record for record in journal.records() if record.get("sink") == sink.name]
    arrived = {str(record.get("key")) for record in own if record.get("state") == "delivered"}
    return [_restored(record) for record in own if record.get("state") == "due"], arrived


def _restored(record: dict[str, Any]) -> _Message:
    about = scope_of(record), *map(scope_of, record.get("also", ()))
    return _Message(record["key"], about, record["sentence"], record["body"])


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat() + "Z"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
