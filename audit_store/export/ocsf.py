"""An event as OCSF: the Open Cybersecurity Schema Framework, version 1.1.0 (https://schema.ocsf.io/1.1.0/).

Three classes, all of category 3, Identity & Access Management:

| the activity | class | activity_id |
|---|---|---|
| begins like Login, Sign in, Logout, Session closed | Authentication 3002 | 1 Logon, 2 Logoff |
| User deleted, created, enabled, disabled, locked; Staff role … | Account Change 3001 | 6, 1, 2, 5, 9; 99 |
| any other | Entity Management 3004 | 1 Create, 2 Read, 3 Update, 4 Delete by its verb, else 99 Other |

With 99, `activity_name` is the activity itself, as the schema requires. Where a class requires an object that the
event does not name (the user of an Account Change, the entity), its name is "unknown" or the activity. Events have no
severity, so `severity_id` is 1, Informational. Fields without an attribute of their own are in `unmapped`, the
metadata as the exact text that was received.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from audit_store.local_time import milliseconds, utc_text

VERSION = "1.1.0"
PRODUCT = "Audit log explorer"
AUTHENTICATION, ACCOUNT_CHANGE, ENTITY_MANAGEMENT = 3002, 3001, 3004

_OTHER = 99
_STATUS = {"success": (1, "Success"), "failure": (2, "Failure")}
_CLASS_NAMES = {
    AUTHENTICATION: "Authentication",
    ACCOUNT_CHANGE: "Account Change",
    ENTITY_MANAGEMENT: "Entity Management",
}


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    class_uid: int
    activity_id: int
    name: str


def _rule(pattern: str, class_uid: int, activity_id: int, name: str) -> _Rule:
    return _Rule(re.compile(pattern, re.IGNORECASE), class_uid, activity_id, name)


_RULES = (
    _rule(r"(console ?)?(log|sign)[ -]?(in|on)\b", AUTHENTICATION, 1, "Logon"),
    _rule(r"(log|sign)[ -]?(out|off)\b|session closed", AUTHENTICATION, 2, "Logoff"),
    _rule(r"(user|account) deleted", ACCOUNT_CHANGE, 6, "Delete"),
    _rule(r"(user|account) (created|added)", ACCOUNT_CHANGE, 1, "Create"),
    _rule(r"(user|account) enabled", ACCOUNT_CHANGE, 2, "Enable"),
    _rule(r"(user|account) disabled", ACCOUNT_CHANGE, 5, "Disable"),
    _rule(r"(user|account) locked", ACCOUNT_CHANGE, 9, "Lock"),
    _rule(r"staff role", ACCOUNT_CHANGE, _OTHER, ""),
    _rule(r"(.*[^a-z])?(delet|remov)", ENTITY_MANAGEMENT, 4, "Delete"),
    _rule(r"(.*[^a-z])?(updat|sav|chang|mov|edit|paus|setting|status|put)", ENTITY_MANAGEMENT, 3, "Update"),
    _rule(r"(.*[^a-z])?(creat|generat|add)", ENTITY_MANAGEMENT, 1, "Create"),
    _rule(r"(.*[^a-z])?(read|copied|view|request|get|list|download)", ENTITY_MANAGEMENT, 2, "Read"),
)
_REST = _rule("", ENTITY_MANAGEMENT, _OTHER, "")


def ocsf(event: Mapping[str, Any]) -> dict[str, Any]:
    """The OCSF event of one row of `events`, ready for JSON.

    `occurred_at` and `recorded_at` of the row are naive datetimes in UTC; `time` is in milliseconds since
    1970, and `metadata.original_time` keeps the microseconds.
    """
    activity = event["activity"]
    rule = next((rule for rule in _RULES if rule.pattern.match(activity)), _REST)
    status_id, status = _STATUS.get(event["outcome"], (0, "Unknown"))
    ocsf_event: dict[str, Any] = {
        "class_uid": rule.class_uid,
        "class_name": _CLASS_NAMES[rule.class_uid],
        "category_uid": rule.class_uid // 1000,
        "category_name": "Identity & Access Management",
        "activity_id": rule.activity_id,
        "activity_name": rule.name or activity,
        "type_uid": rule.class_uid * 100 + rule.activity_id,
        "severity_id": 1,
        "severity": "Informational",
        "status_id": status_id,
        "status": status,
        "time": milliseconds(event["occurred_at"]),
        "message": event["description"] or activity,
        "metadata": _metadata(event),
        "actor": {"user": {"name": event["agent"]}},
        **_subject(event, rule.class_uid),
        "unmapped": {
            name: event[name] for name in ("activity", "description", "target", "source", "metadata")
        },
    }
    if event["source_ip"]:
        ocsf_event["src_endpoint"] = {"ip": event["source_ip"]}
    return ocsf_event


def _metadata(event: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {
        "version": VERSION,
        "product": {"name": PRODUCT, "vendor_name": PRODUCT},
        "uid": event["event_id"],
        "sequence": event["seq"],
        "original_time": utc_text(event["occurred_at"]),
        "logged_time": milliseconds(event["recorded_at"]),
    }
    return metadata | ({"log_provider": event["source"]} if event["source"] else {})


def _subject(event: Mapping[str, Any], class_uid: int) -> dict[str, Any]:
    """The objects that the class requires beside the actor."""
    if class_uid == AUTHENTICATION:
        service = event["target"] or event["source"] or PRODUCT
        return {"user": {"name": event["agent"]}, "service": {"name": service}}
    if class_uid == ACCOUNT_CHANGE:
        return {"user": {"name": event["target"] or "unknown"}}
    return {"entity": {"name": event["target"] or event["activity"]}}
