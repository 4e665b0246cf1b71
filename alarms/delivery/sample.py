"""A sample alarm, with which receivers are tried out."""

import json
import uuid
from datetime import timedelta

from alarms.delivery.record_messages import OPEN, payload_of
from alarms.records.record import SETTLED, AlarmRecord, Share
from alarms.sensitivity import DEFAULT_SENSITIVITY
from audit_store.local_time import now
from audit_store.state.deliveries import Message

_AGENT, _ADDRESS = "sample-agent", "203.0.113.9"


def sample() -> Message:
    """A message with the fields of an alarm, of the kind "test"; each has a key of its own."""
    record = _record()
    body = payload_of(None, record, OPEN, record.id)
    return Message(record.id, [], record.sentence, json.dumps(body))


def _record() -> AlarmRecord:
    moment = now()
    end = moment.replace(minute=0, second=0, microsecond=0)
    return AlarmRecord(
        id=str(uuid.uuid4()),
        revision=1,
        status=SETTLED,
        change="new",
        first_recorded_at=moment,
        recorded_at=moment,
        kind="test",
        rule="",
        agent=_AGENT,
        starts_at=end - timedelta(hours=1),
        ends_at=end,
        severity="low",
        reasons=(),
        noun="failed logins",
        total=40,
        failed=40,
        succeeded=0,
        peak=end - timedelta(hours=1),
        observed=40,
        expected=2.0,
        upper=9.0,
        score=9.0,
        sensitivity=DEFAULT_SENSITIVITY.name,
        provisional=False,
        agents=(Share(_AGENT, 40, 40, 2.0, None, is_new=False),),
        addresses=(Share(_ADDRESS, 40, 40, None, end - timedelta(hours=1), is_new=True),),
        more_agents=0,
        more_addresses=0,
        followed_by=(),
        spans=(),
        sentence=f"A test from Audit log explorer: 40 failed logins of {_AGENT}, expected 2 (limit 9)",
        where={},
        tz="UTC",
        version="",
    )
