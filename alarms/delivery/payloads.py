"""The bodies in which receivers take an alarm, each made from its own JSON (`record_messages.payload_of`)."""

import json
from datetime import datetime
from typing import Any

from audit_store.export.ocsf import PRODUCT, VERSION
from audit_store.local_time import milliseconds
from audit_store.state.deliveries import Message

DETECTION_FINDING = 2004
_SUMMARY_MAX = 1024
_PAGERDUTY = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}
_ACTIVITIES = ("Create", "Update", "Close")
_OCSF = {"low": 2, "medium": 3, "high": 4, "critical": 5}


def slack(message: Message) -> str:
    """A Slack incoming webhook's message (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

    The severity, what the newest revision changed, and the sentence.
    """
    alarm = _alarm(message)
    head = f"{alarm.get('severity', '')} alarm".strip().capitalize()
    changes = {"update": f", {alarm.get('change')}", "close": ", closed"}
    return _json(
        {"text": slack_text(f"{head}{changes.get(str(alarm.get('action')), '')}: {message.sentence}")}
    )


def slack_text(text: str) -> str:
    """A text with the three characters escaped that Slack interprets
    (https://docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def pagerduty(message: Message, routing_key: str) -> str:
    """An event of PagerDuty's Events API v2 (https://developer.pagerduty.com/docs/send-alert-event).

    Its `dedup_key` is the ID of the alarm, so that all messages about it are the same incident; the one that closes it
    resolves the incident.
    """
    alarm = _alarm(message)
    return _json(
        {
            "routing_key": routing_key,
            "event_action": "resolve" if alarm.get("action") == "close" else "trigger",
            "dedup_key": alarm.get("id") or message.key,
            "payload": {
                "summary": message.sentence[:_SUMMARY_MAX],
                "source": alarm.get("store") or PRODUCT,
                "severity": _PAGERDUTY.get(str(alarm.get("severity")), "warning"),
                "timestamp": alarm.get("start"),
                "component": alarm.get("agent"),
                "class": alarm.get("kind"),
                "custom_details": alarm,
            },
        }
    )


def ocsf(message: Message) -> str:
    """A Detection Finding (https://schema.ocsf.io/1.1.0/classes/detection_finding), the alarm itself as `unmapped`."""
    alarm = _alarm(message)
    severity = str(alarm.get("severity", "medium"))
    activity = {"update": 2, "close": 3}.get(str(alarm.get("action")), 1)
    start, end = (milliseconds(datetime.fromisoformat(alarm[name])) for name in ("start", "end"))
    return _json(
        {
            "class_uid": DETECTION_FINDING,
            "class_name": "Detection Finding",
            "category_uid": 2,
            "category_name": "Findings",
            "activity_id": activity,
            "activity_name": _ACTIVITIES[activity - 1],
            "type_uid": DETECTION_FINDING * 100 + activity,
            "severity_id": _OCSF.get(severity, 3),
            "severity": severity.capitalize(),
            "status_id": 1,
            "status": "New",
            "time": end,
            "start_time": start,
            "end_time": end,
            "message": message.sentence,
            "metadata": {
                "version": VERSION,
                "product": {"name": PRODUCT, "vendor_name": PRODUCT},
                "uid": message.key,
            },
            "finding_info": {
                "uid": alarm.get("id") or message.key,
                "title": message.sentence,
                "first_seen_time": start,
                "last_seen_time": end,
                "types": [str(alarm.get("kind"))],
            },
            "unmapped": alarm,
        }
    )


def _alarm(message: Message) -> dict[str, Any]:
    alarm = json.loads(message.body)
    return alarm if isinstance(alarm, dict) else {}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)
