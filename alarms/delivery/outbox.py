"""Sends each alarm to a receiver until the receiver acknowledges it, and then never again.

A message is stored beside the store (`audit_store.state.deliveries`) before it is sent, and its acknowledgement
afterwards. Where the acknowledgement is lost, the message is sent again with the same bytes and the same key, so that
a receiver that heeds `Idempotency-Key` acts on it once.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alarms.evidence import Told
from alarms.login_alarm import AlarmKey
from alarms.triage.identity import SeriesSpan, is_same_alarm, spans_of
from analysis.alarms import JOINED
from audit_store.local_time import utc_text
from audit_store.state import deliveries
from audit_store.state.deliveries import Delivery, Message

# An alarm that grows is still the one that was sent: spikes this close are one alarm.
_SAME_WITHIN = JOINED["1h"].to_pytimedelta()

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


def deliver(store: Path, store_id: str, told: Sequence[Told], sink: Sink) -> Sent:
    """Send the alarms that were never sent to this sink, the oldest first, and what an earlier run left due.

    Programs that deliver for the same store take turns. After a message that does not arrive the others wait for the
    next run: a receiver that is down is not worth a long queue of attempts. Raises StoreBusy where another program
    sends for longer than `deliveries.SENDER_WAIT`, and AuditStoreError where the deliveries cannot be stored.
    """
    with deliveries.one_sender(store):
        earlier = [delivery.message for delivery in deliveries.read(store, sink.name)]
        messages: list[Message] = []
        for each in sorted(told, key=lambda each: each.alarm.key.start):
            if not any(_is_about(message, each) for message in (*earlier, *messages)):
                messages.append(_message(store_id, each, [*earlier, *messages]))
        stored = deliveries.add(store, sink.name, messages)
        return _send_all(store, sink, [delivery for delivery in stored if not delivery.is_delivered])


def undelivered(store: Path, told: Sequence[Told], sink: Sink) -> list[Told]:
    """Those of the alarms that this sink has not acknowledged. Raises AuditStoreError."""
    stored = deliveries.read(store, sink.name)
    delivered = [delivery.message for delivery in stored if delivery.is_delivered]
    return [each for each in told if not any(_is_about(message, each) for message in delivered)]


def payload(store_id: str, told: Told) -> dict[str, Any]:
    """An alarm as JSON: times in UTC (RFC 3339), figures of its least likely hour, and `filter`, its events as the
    parameters of the log's URL. `text` is the sentence as chat receivers want it, with `&`, `<` and `>` escaped."""
    alarm, spike = told.alarm, told.alarm.spike
    return {
        "key": _delivery_key(store_id, alarm.key),
        "store": store_id,
        "kind": alarm.key.kind,
        "agent": alarm.key.agent or None,
        "start": utc_text(alarm.key.start, "seconds"),
        "end": utc_text(alarm.end, "seconds"),
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


def _send_all(store: Path, sink: Sink, due: Sequence[Delivery]) -> Sent:
    for position, delivery in enumerate(due):
        message = delivery.message
        try:
            sink.send(message.sentence, message.body, message.key)
        except NotDelivered as error:
            return Sent(position, len(due) - position, (str(error),))
        deliveries.acknowledge(store, delivery)
    return Sent(len(due), 0, ())


def _is_about(message: Message, told: Told) -> bool:
    spans = [SeriesSpan.from_record(span) for span in message.spans]
    return is_same_alarm(told.alarm, spans, _SAME_WITHIN)


def _message(store_id: str, told: Told, earlier: Sequence[Message]) -> Message:
    body = payload(store_id, told)
    while body["key"] in {message.key for message in earlier}:
        # The attack has reached a further agent since the message with this key: that is news, with its own key.
        body["key"] = str(uuid.uuid5(uuid.UUID(body["key"]), "again"))
    text = json.dumps(body, ensure_ascii=True, allow_nan=False)
    spans = [span.as_record() for span in spans_of(told.alarm)]
    return Message(body["key"], spans, told.sentence, text)


def _delivery_key(store_id: str, key: AlarmKey) -> str:
    # Two stores may post to one receiver, and an alarm of one must not pass for that of the other.
    return AlarmKey(key.kind, f"{store_id} {key.scope}", key.agent, key.start).text
