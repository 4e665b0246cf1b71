"""The bodies that receivers take, with the fields that their documentation requires."""

import json
from typing import Any

from alarms.delivery import payloads
from alarms.delivery.outbox import payload
from alarms.delivery.sample import sample
from audit_store.state.deliveries import Message
from tests.alarms.login_alarms import summary

STORE_ID = "3f0c8a52-0a8f-4f0e-9a55-6cf2f8a0a111"


def message() -> Message:
    body = payload(STORE_ID, summary())
    return Message(body["key"], [], summary().sentence, json.dumps(body))


def made(text: str) -> Any:
    return json.loads(text)


def test_slack_takes_an_escaped_text() -> None:
    body = made(payloads.slack(message()))
    assert list(body) == ["text"]
    assert "41 &lt;logins&gt; &amp; more" in body["text"]


def test_pagerduty_takes_an_event_that_is_one_incident_however_often_it_is_sent() -> None:
    event = made(payloads.pagerduty(message(), "the-routing-key"))
    assert (event["routing_key"], event["event_action"]) == ("the-routing-key", "trigger")
    assert event["dedup_key"] == message().key
    assert set(event["payload"]) >= {"summary", "source", "severity"}
    assert event["payload"]["summary"] == summary().sentence
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
    assert set(made(sample().body)) == set(payload(STORE_ID, summary()))
    assert sample().key != sample().key
    for body in (payloads.slack(sample()), payloads.pagerduty(sample(), ""), payloads.ocsf(sample())):
        assert made(body)
