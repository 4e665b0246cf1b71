"""A sample alarm, with which receivers are tried out."""

import json
import uuid
from datetime import timedelta
from typing import Any

from audit_store.local_time import now, utc_text
from audit_store.state.deliveries import Message


def sample() -> Message:
    """A message with the fields of an alarm (`outbox.payload`); each has a key of its own."""
    key, end = str(uuid.uuid4()), now().replace(minute=0, second=0, microsecond=0)
    sentence = "A test from Audit log explorer: 40 failed logins of sample-agent, expected 2 (limit 9)"
    alarm: dict[str, Any] = {
        "key": key,
        "store": None,
        "kind": "test",
        "agent": "sample-agent",
        "start": utc_text(end - timedelta(hours=1), "seconds"),
        "end": utc_text(end, "seconds"),
        "also": [],
        "sentence": sentence,
        "text": sentence,
        "counted": "failed logins",
        "total": 40,
        "observed": 40,
        "expected": 2.0,
        "upper": 9.0,
        "score": 9.0,
        "failed": 40,
        "new_addresses": 1,
        "address": "203.0.113.9",
        "provisional": False,
        "filter": {},
    }
    return Message(key, [], sentence, json.dumps(alarm))
