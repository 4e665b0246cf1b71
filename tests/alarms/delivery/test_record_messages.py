"""A receiver gets a message when an alarm is new, when it has grown, and when it has ended."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from alarms.delivery import payloads
from alarms.delivery.record_messages import new_messages
from alarms.records.record import AlarmRecord
from audit_store.state.deliveries import Message
from tests.alarms.records.recorded import HOUR, ID, record

GROWN = record(revision=2, total=97, ends_at=record().ends_at + 3 * HOUR)
WITHDRAWN = record(revision=3, status="withdrawn")


def sent(*revisions: AlarmRecord, ended: Sequence[str] = ()) -> list[Message]:
    """The messages about an alarm whose revisions are looked at one after the other."""
    messages: list[Message] = []
    for revision in revisions:
        is_ended = revision.status == "withdrawn" or (revision == revisions[-1] and ended)
        messages += new_messages("store", [revision], messages, ended=[ID] if is_ended else ())
    return messages


@pytest.mark.parametrize(
    ("revisions", "ended", "keys"),
    [
        ([record()], (), [ID]),
        ([record(), record(revision=2, status="settled", total=45)], (), [ID]),
        ([record(), GROWN, GROWN], (), [ID, f"{ID}:2:update"]),
        ([record(), record(revision=2, severity="critical")], (), [ID, f"{ID}:2:update"]),
        ([record(), WITHDRAWN, WITHDRAWN], (), [ID, f"{ID}:3:close"]),
        ([WITHDRAWN], (), []),
        ([record(), record(revision=2)], [ID], [ID, f"{ID}:2:close"]),
        ([record(), WITHDRAWN, record(revision=4)], (), [ID, f"{ID}:3:close", f"{ID}:4:update"]),
    ],
)
def test_messages(revisions: list[AlarmRecord], ended: Sequence[str], keys: list[str]) -> None:
    assert [message.key for message in sent(*revisions, ended=ended)] == keys


def test_an_alarm_that_was_sent_without_an_id_is_not_sent_again() -> None:
    [message] = sent(record())
    body = json.loads(message.body)
    del body["id"]
    earlier = message._replace(key="0b7bd8f1-5d4c-5c0e-8f57-3a1f4c2f6e11", body=json.dumps(body))
    assert new_messages("store", [record()], [earlier]) == []


def test_two_alarms_of_the_same_agent_and_time_are_both_sent() -> None:
    second = record(id="0190a7b2-0000-7000-8000-000000000002", kind="rule", rule="bulk-deletion")
    messages = new_messages("store", [record(), second], [])
    assert [message.key for message in messages] == [ID, second.id]
    assert len(new_messages("store", [second], messages[:1])) == 1


def test_a_message_says_what_the_record_says() -> None:
    body = json.loads(sent(record())[0].body)
    assert {name: body[name] for name in ("id", "revision", "action", "severity", "reasons", "filter")} == {
        "id": ID,
        "revision": 1,
        "action": "open",
        "severity": "high",
        "reasons": ["38 failed logins, then 3 successful ones"],
        "filter": {"agent": ["support-7"], "activity": ["Login"]},
    }
    assert (body["sentence"], body["address"]) == (record().sentence, "203.0.113.9")


def test_pagerduty_has_one_incident_for_all_messages_of_an_alarm_and_resolves_it() -> None:
    events = [json.loads(payloads.pagerduty(message, "key")) for message in sent(record(), GROWN, WITHDRAWN)]
    assert [(event["event_action"], event["dedup_key"]) for event in events] == [
        ("trigger", ID),
        ("trigger", ID),
        ("resolve", ID),
    ]
    assert events[0]["payload"]["severity"] == "error"


@pytest.mark.parametrize(
    ("change", "activity"), [(record(), "Create"), (GROWN, "Update"), (WITHDRAWN, "Close")]
)
def test_a_finding_of_ocsf_is_created_updated_and_closed(change: AlarmRecord, activity: str) -> None:
    message = sent(record(), replace(change, severity="critical") if change == GROWN else change)[-1]
    finding = json.loads(payloads.ocsf(message))
    assert (finding["activity_name"], finding["finding_info"]["uid"]) == (activity, ID)
    assert finding["type_uid"] == 200400 + finding["activity_id"]
