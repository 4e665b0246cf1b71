"""The bodies that receivers take, with the fields that their documentation requires."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from alarms.delivery import payloads
from alarms.delivery.record_messages import new_messages
from alarms.delivery.sample import sample
from alarms.records.record import AlarmRecord
from alarms.rules import rules_file
from alarms.rules.hits import Hit
from alarms.rules.recording import Recorder
from alarms.watchdog.checks import Fault
from alarms.watchdog.recording import record_of as record_of_fault
from audit_store.state.deliveries import Message
from tests import ROOT
from tests.alarms.records.recorded import AT, HOUR, record

STORE_ID = "3f0c8a52-0a8f-4f0e-9a55-6cf2f8a0a111"
SENTENCE = "support-7: 41 <logins> & more, expected 3"
SCHEMA = json.loads((ROOT / "alarms/delivery/alarm.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def message() -> Message:
    [message] = new_messages(STORE_ID, [record(sentence=SENTENCE)], [])
    return message


def made(text: str) -> Any:
    return json.loads(text)


def test_slack_takes_an_escaped_text() -> None:
    body = made(payloads.slack(message()))
    assert list(body) == ["text"]
    assert "41 &lt;logins&gt; &amp; more" in body["text"]


@pytest.mark.parametrize(
    ("given", "head"),
    [
        ({"action": "open", "severity": "critical"}, "Critical alarm: "),
        ({"action": "update", "severity": "high", "change": "grew to > 9"}, "High alarm, grew to &gt; 9: "),
        ({"action": "close", "severity": "low"}, "Low alarm, closed: "),
        ({}, "Alarm: "),  # of a version that sent no more than the sentence
    ],
)
def test_slack_says_how_severe_an_alarm_is_and_what_has_changed(given: dict[str, Any], head: str) -> None:
    sent = message()._replace(body=json.dumps(given))
    assert made(payloads.slack(sent))["text"].startswith(head + "support-7")


def test_pagerduty_takes_an_event_that_is_one_incident_however_often_it_is_sent() -> None:
    event = made(payloads.pagerduty(message(), "the-routing-key"))
    assert (event["routing_key"], event["event_action"]) == ("the-routing-key", "trigger")
    assert event["dedup_key"] == message().key
    assert set(event["payload"]) >= {"summary", "source", "severity"}
    assert event["payload"]["summary"] == SENTENCE
    assert event["payload"]["severity"] in ("critical", "error", "warning", "info")
    assert event["payload"]["source"] == STORE_ID
    assert event["payload"]["custom_details"]["address"] == "203.0.113.9"
    long = message()._replace(sentence="x" * 2000)
    assert len(made(payloads.pagerduty(long, ""))["payload"]["summary"]) == 1024


def test_ocsf_is_a_detection_finding() -> None:
    finding = made(payloads.ocsf(message()))
    assert finding["class_uid"] * 100 + finding["activity_id"] == finding["type_uid"] == 200401
    assert (finding["start_time"], finding["end_time"]) == (1773493200000, 1773496800000)
    assert finding["finding_info"]["uid"] == finding["metadata"]["uid"] == message().key
    assert finding["unmapped"]["agent"] == "support-7"
    assert "\n" not in payloads.ocsf(message())


def test_a_sample_has_the_fields_of_an_alarm() -> None:
    assert set(made(sample().body)) == set(made(message().body))
    assert sample().key != sample().key
    for body in (payloads.slack(sample()), payloads.pagerduty(sample(), ""), payloads.ocsf(sample())):
        assert made(body)


RECORDER = Recorder(STORE_ID, rules_file.load(), "UTC", AT)
HIT = Hit("bulk-deletion", "support-7", (), AT, AT + HOUR, 30)
RECORDS = [
    record(),
    record(revision=2, severity="critical", expected=None, upper=None, addresses=(), agents=()),
    replace(record(), kind="all", agent="", where={"tz": ["UTC"]}),
    RECORDER.record_of(HIT, None),
    record_of_fault(Fault("folding", "", AT, "3 events wait"), STORE_ID, "UTC", AT + HOUR),
]


@pytest.mark.parametrize("alarm", RECORDS, ids=lambda alarm: alarm.kind)
def test_every_message_about_an_alarm_follows_the_schema(alarm: AlarmRecord) -> None:
    messages = new_messages(STORE_ID, [alarm], [])
    messages += new_messages(STORE_ID, [replace(alarm, revision=8)], messages, ended=[alarm.id])
    assert len(messages) == 2
    for sent in messages:
        VALIDATOR.validate(made(sent.body))


def test_a_sample_follows_the_schema() -> None:
    VALIDATOR.validate(made(sample().body))


def test_the_schema_is_one_and_names_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) == set(made(message().body))


@pytest.mark.parametrize("field", SCHEMA["required"])
def test_a_message_without_a_field_does_not_follow_the_schema(field: str) -> None:
    body = made(message().body)
    del body[field]
    assert not VALIDATOR.is_valid(body)
    assert not VALIDATOR.is_valid(body | {field: object()})
