"""The messages about recorded alarms: a first one, updates when an alarm has grown, and one that closes it."""

import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from alarms.delivery.outbox import DeliveryResult, Sink, send_new
from alarms.delivery.payloads import slack_text
from alarms.records import reading
from alarms.records.identity import SeriesSpan, is_same
from alarms.records.record import SEVERITIES, AlarmRecord
from alarms.sensitivity import DEFAULT_SENSITIVITY, Sensitivity, is_alarm_at
from alarms.triage import states
from alarms.triage.decisions import Decisions
from alarms.triage.seen import Seen
from analysis import MAX_GAP
from audit_store.engines.protocol import Engine
from audit_store.local_time import utc_text
from audit_store.ranges import Period
from audit_store.state.deliveries import Message

OPEN, UPDATE, CLOSE = "open", "update", "close"
"""What a message does with an alarm at its receiver."""
PAYLOAD_VERSION = 1
"""The version of `alarm.schema.json`: another one where a field changes its meaning or is gone."""
LENGTH = timedelta(days=7)
"""How old an alarm may be to be sent: a first run over an old log does not send all of it."""
_SAME_WITHIN: timedelta = MAX_GAP["1h"].to_pytimedelta()


def deliver_recent(
    engine: Engine, sinks: Sequence[Sink], now: datetime, sensitivity: Sensitivity = DEFAULT_SENSITIVITY
) -> list[DeliveryResult]:
    """Send what receivers do not know yet of the alarms of the last LENGTH before `now` (naive UTC), and what is due.

    Alarms that a reviewer acknowledged or expects are not sent until they grow. Raises as `outbox.deliver`.
    """
    if not sinks:
        return []
    decisions = Decisions.read(engine.path)
    recorded = reading.records(engine, Period(now - LENGTH, None), with_withdrawn=True)
    usual = [record for record in recorded if is_alarm_at(record.sensitivity, sensitivity)]
    ended = {record.id for record in usual if record.is_over or decisions.of(record).status == states.CLOSED}
    records = [record for record in usual if record.id in ended or decisions.of(record).is_open]
    store_id = str(engine.run(engine.queries.identity())["store_id"].iloc[0])
    messages = partial(new_messages, store_id, records, ended=ended)
    # At the same time, so that one that hangs holds up no other.
    with ThreadPoolExecutor(len(sinks), "audit-delivery") as pool:
        return list(pool.map(lambda sink: send_new(engine.path, sink, messages), sinks))


def new_messages(
    store_id: str, records: Sequence[AlarmRecord], earlier: Sequence[Message], *, ended: Collection[str] = ()
) -> list[Message]:
    """The messages that are to be added to the `earlier` ones of a receiver, the oldest alarm first.

    `ended` are the ids of alarms that are over or closed.
    """
    by_id: dict[str, list[Message]] = {}
    for message in earlier:
        by_id.setdefault(record_id(message), []).append(message)
    nameless = [message for message in earlier if "id" not in json.loads(message.body)]
    messages = []
    for record in sorted(records, key=lambda record: (record.starts_at, record.id)):
        is_ended, own = record.id in ended, by_id.get(record.id, [])
        if (action := _action(record, own, nameless, is_ended=is_ended)) is not None:
            key = record.id if action == OPEN else f"{record.id}:{record.revision}:{action}"
            body = json.dumps(payload_of(store_id, record, action, key), ensure_ascii=True, allow_nan=False)
            messages.append(Message(key, [span.as_record() for span in record.spans], record.sentence, body))
    return messages


def payload_of(store_id: str | None, record: AlarmRecord, action: str, key: str) -> dict[str, Any]:
    """An alarm, JSON-ready, as `alarm.schema.json` describes it."""
    half = [share.name for share in record.addresses if 2 * share.count >= record.total]
    return {
        "version": PAYLOAD_VERSION,
        "key": key,
        "id": record.id,
        "revision": record.revision,
        "action": action,
        "change": record.change,
        "severity": record.severity,
        "reasons": [reason.text for reason in record.reasons],
        "store": store_id,
        "kind": record.kind,
        "agent": record.agent or None,
        "start": utc_text(record.starts_at, "seconds"),
        "end": utc_text(record.ends_at, "seconds"),
        "also": [{"kind": span.key.kind, "agent": span.key.agent or None} for span in record.spans[1:]],
        "sentence": record.sentence,
        "text": slack_text(record.sentence),
        "counted": record.noun,
        "total": record.total,
        "observed": record.observed,
        "expected": record.expected,
        "upper": record.upper,
        "score": record.score,
        "failed": record.failed,
        "new_addresses": sum(share.is_new for share in record.addresses),
        "address": half[0] if half else None,
        "provisional": record.provisional,
        "filter": dict(record.where),
        "seen": Seen.of(record).as_json(),
    }


def record_id(message: Message) -> str:
    """The ID of the alarm that a message is about."""
    return message.key.partition(":")[0]


def is_close(message: Message) -> bool:
    """Whether a message closes the alarm that it is about."""
    return message.key.endswith(f":{CLOSE}")


def _action(
    record: AlarmRecord, own: Sequence[Message], nameless: Sequence[Message], *, is_ended: bool
) -> str | None:
    """What the next message about an alarm does; None where its receiver knows all of it.

    `own` are the earlier messages about it, and `nameless` those that do not name the alarm that they are about.
    """
    if not own:
        is_known = any(is_same(record.spans, _spans(message), _SAME_WITHIN) for message in nameless)
        return None if is_known or is_ended else OPEN
    last = json.loads(own[-1].body)
    if is_ended:
        return None if last["action"] == CLOSE else CLOSE
    return UPDATE if last["action"] == CLOSE or _has_grown(record, last) else None


def _has_grown(record: AlarmRecord, last: dict[str, Any]) -> bool:
    is_worse = SEVERITIES.index(record.severity) < SEVERITIES.index(last["severity"])
    return is_worse or bool(Seen.from_json(last["seen"]).growth(record))


def _spans(message: Message) -> list[SeriesSpan]:
    return [SeriesSpan.from_record(span) for span in message.spans]
