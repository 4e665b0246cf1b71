"""Sends each alarm to a receiver until the receiver acknowledges it, and then never again.

A message is stored beside the store (`audit_store.state.deliveries`) before it is sent, and its acknowledgement
afterwards. Where the acknowledgement is lost, the message is sent again with the same bytes and the same key, so that
a receiver that heeds `Idempotency-Key` acts on it once.
"""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alarms.login_alarm import AlarmKey
from alarms.summary import AlarmSummary
from alarms.triage.identity import SeriesSpan, is_same_alarm, spans_of
from analysis import MAX_GAP
from audit_store.errors import AuditStoreError
from audit_store.local_time import utc_text
from audit_store.quantities import counted
from audit_store.state import deliveries
from audit_store.state.deliveries import Delivery, Message

# An alarm that grows is still the one that was sent: spikes this close are one alarm.
_SAME_WITHIN = MAX_GAP["1h"].to_pytimedelta()

RUN_SECONDS = 300.0
"""Seconds after which a run begins to send no further message: the next run, which waits for it, goes on."""

Send = Callable[[Message], None]
"""Returns once the receiver has the message; raises NotDelivered."""


class NotDelivered(AuditStoreError):
    """The receiver did not acknowledge a message, which stays due; says why."""


@dataclass(frozen=True)
class Sink:
    """A receiver. `name` tells it from others and is written beside the store: never a URL, which may be secret."""

    name: str
    send: Send


@dataclass(frozen=True)
class DeliveryResult:
    """How many messages were `delivered`, and why others were not."""

    delivered: int
    problems: tuple[str, ...]


def deliver(store: Path, store_id: str, summaries: Sequence[AlarmSummary], sink: Sink) -> DeliveryResult:
    """Send the alarms that were never sent to this sink, the oldest first, and what an earlier run left due.

    Programs that deliver for the same store take turns. After a message that does not arrive the others wait for the
    next run: a receiver that is down is not worth a long queue of attempts. So do those that are left after
    RUN_SECONDS. Raises StoreBusy where another program sends for longer than `deliveries.SENDER_WAIT`, and
    AuditStoreError where the deliveries cannot be stored.
    """
    with deliveries.one_sender(store):
        earlier = [delivery.message for delivery in deliveries.read(store, sink.name)]
        messages: list[Message] = []
        for summary in sorted(summaries, key=lambda summary: summary.alarm.key.start):
            stored_or_new = [*earlier, *messages]
            if not any(_is_about(message, summary) for message in stored_or_new):
                messages.append(_message(store_id, summary, stored_or_new))
        stored = deliveries.add(store, sink.name, messages)
        return _send_all(store, sink, [delivery for delivery in stored if not delivery.is_delivered])


def undelivered(store: Path, summaries: Sequence[AlarmSummary], sink: Sink) -> list[AlarmSummary]:
    """Those of the alarms that this sink has not acknowledged. Raises AuditStoreError."""
    stored = deliveries.read(store, sink.name)
    delivered = [delivery.message for delivery in stored if delivery.is_delivered]
    return [summary for summary in summaries if not any(_is_about(message, summary) for message in delivered)]


def payload(store_id: str, summary: AlarmSummary) -> dict[str, Any]:
    """An alarm, JSON-ready: times in UTC (RFC 3339), figures of its least likely hour, and `filter`, its events as
    the parameters of the log's URL. `text` is the sentence for chat receivers, with `&`, `<` and `>` escaped."""
    alarm, spike = summary.alarm, summary.alarm.spike
    return {
        "key": _delivery_key(store_id, alarm.key),
        "store": store_id,
        "kind": alarm.key.kind,
        "agent": alarm.key.agent or None,
        "start": utc_text(alarm.key.start, "seconds"),
        "end": utc_text(alarm.end, "seconds"),
        "also": [{"kind": other.key.kind, "agent": other.key.agent or None} for other in alarm.also],
        "sentence": summary.sentence,
        "text": summary.sentence.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "counted": alarm.noun,
        "total": spike.total,
        "observed": spike.observed,
        "expected": round(spike.expected, 3),
        "upper": spike.upper,
        "score": round(spike.score, 2),
        "failed": summary.failed,
        "new_addresses": summary.new_addresses,
        "address": summary.address,
        "provisional": spike.provisional,
        "filter": alarm.where.parameters(),
    }


def _send_all(store: Path, sink: Sink, due: Sequence[Delivery]) -> DeliveryResult:
    deadline = time.monotonic() + RUN_SECONDS
    for position, delivery in enumerate(due):
        if time.monotonic() > deadline:
            left = counted(len(due) - position, "alarm")
            return DeliveryResult(position, (f"{left} left for the next run, after {RUN_SECONDS:g} s",))
        try:
            sink.send(delivery.message)
        except NotDelivered as error:
            return DeliveryResult(position, (str(error),))
        deliveries.acknowledge(store, delivery)
    return DeliveryResult(len(due), ())


def _is_about(message: Message, summary: AlarmSummary) -> bool:
    spans = [SeriesSpan.from_record(span) for span in message.spans]
    return is_same_alarm(summary.alarm, spans, _SAME_WITHIN)


def _message(store_id: str, summary: AlarmSummary, earlier: Sequence[Message]) -> Message:
    body = payload(store_id, summary)
    while body["key"] in {message.key for message in earlier}:
        # The attack has reached a further agent since the message with this key: that is news, with its own key.
        body["key"] = str(uuid.uuid5(uuid.UUID(body["key"]), "again"))
    text = json.dumps(body, ensure_ascii=True, allow_nan=False)
    spans = [span.as_record() for span in spans_of(summary.alarm)]
    return Message(body["key"], spans, summary.sentence, text)


def _delivery_key(store_id: str, key: AlarmKey) -> str:
    # Two stores may post to one receiver, and an alarm of one must not pass for that of the other.
    return AlarmKey(key.kind, f"{store_id} {key.scope}", key.agent, key.start).text
