"""POST /v1/logs: OpenTelemetry's log records become events, once each, in protobuf and in JSON."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from ingest.importer import import_files
from tests.ingest.http.servers import JSON, PROTOBUF, Answer, Server
from tests.ingest.http.test_events import rows

pytestmark = pytest.mark.processes
AT = 1773480413_589793000
TRACE = "5b8efff798038103d269b633813fc60c"


def attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def request(*records: dict[str, Any], service: str = "shop") -> dict[str, Any]:
    """A request with the records of one service."""
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": list(records)}]}]}


def login(number: int = 0, **more: Any) -> dict[str, Any]:
    attributes = [
        attribute("user.id", f"user-{number}"),
        attribute("event.outcome", "failure"),
        attribute("client.address", "203.0.113.9"),
    ]
    record = {"timeUnixNano": str(AT), "eventName": "Login", "attributes": attributes, "traceId": TRACE}
    return {**record, "body": {"stringValue": "wrong password"}, **more}


def export(server: Server, value: dict[str, Any], kind: str) -> Answer:
    """Send a request, written as OTLP's JSON, in a type."""
    if kind == JSON:
        return server.post(value, JSON, "/v1/logs")
    # Protobuf's own JSON has identifiers in base64, which 32 hexadecimal characters are by chance too.
    message = json_format.Parse(json.dumps(value), ExportLogsServiceRequest())
    for record in message.resource_logs[0].scope_logs[0].log_records:
        record.trace_id = bytes.fromhex(TRACE) if record.trace_id else b""
    return server.post(message.SerializeToString(), PROTOBUF, "/v1/logs")


def rejected(answer: Answer) -> tuple[int, str]:
    """How many records were rejected, and why."""
    message = ExportLogsServiceResponse()
    if answer.headers["content-type"] == JSON:
        json_format.Parse(answer.content, message)
    else:
        message.ParseFromString(answer.content)
    return message.partial_success.rejected_log_records, message.partial_success.error_message


def of_agents(server: Server, prefix: str) -> list[dict[str, Any]]:
    return [row for row in rows(server.store) if row["agent"].startswith(prefix)]


def test_a_record_is_the_same_event_in_both_encodings_and_however_often_it_is_sent(server: Server) -> None:
    for kind in (PROTOBUF, JSON, PROTOBUF):
        answer = export(server, request(login()), kind)
        assert (answer.status, answer.headers["content-type"], rejected(answer)) == (200, kind, (0, ""))
    [row] = of_agents(server, "user-0")
    assert {name: row[name] for name in ("activity", "description", "outcome", "source_ip", "source")} == {
        "activity": "Login",
        "description": "wrong password",
        "outcome": "failure",
        "source_ip": "203.0.113.9",
        "source": "web",
    }
    assert str(row["occurred_at"]) == "2026-03-14 09:26:53.589793"
    assert json.loads(row["metadata"])["traceId"] == TRACE


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_records_that_are_no_events_are_counted_and_the_others_stored(server: Server, kind: str) -> None:
    nothing = {"timeUnixNano": str(AT)}
    number = 1 if kind == JSON else 2
    count, words = rejected(export(server, request(nothing, login(number), nothing), kind))
    assert count == 2
    assert (
        words
        == "activity is missing: a record needs eventName, the attribute event.name, or a text as its body"
    )
    assert len(of_agents(server, f"user-{number}")) == 1


def test_records_without_a_time_have_that_of_their_arrival_and_are_each_an_event(server: Server) -> None:
    untimed = login(3, timeUnixNano="0")
    assert rejected(export(server, request(untimed, untimed), JSON)) == (0, "")
    found = of_agents(server, "user-3")
    assert len(found) == 2
    assert all(abs(row["recorded_at"] - row["occurred_at"]) < timedelta(minutes=1) for row in found)


def test_the_time_of_observation_counts_where_the_other_is_unknown(server: Server) -> None:
    export(server, request(login(4, timeUnixNano="0", observedTimeUnixNano=str(AT))), PROTOBUF)
    [row] = of_agents(server, "user-4")
    assert str(row["occurred_at"]) == "2026-03-14 09:26:53.589793"


def test_a_key_of_the_record_is_the_key_of_the_event(server: Server) -> None:
    keyed = login(5)
    keyed["attributes"] = [*keyed["attributes"], attribute("log.record.uid", "own-key")]
    other = {**keyed, "body": {"stringValue": "another"}}
    count, words = rejected(export(server, request(keyed, keyed, other), JSON))
    assert (count, words.partition(":")[0]) == (1, "event_id 'own-key'")
    assert len(of_agents(server, "user-5")) == 1


def test_a_service_acts_where_no_user_is_named(server: Server) -> None:
    export(server, request({"timeUnixNano": str(AT), "eventName": "Started"}, service="billing"), PROTOBUF)
    [row] = of_agents(server, "billing")
    assert row["activity"] == "Started"


NOTHING = [
    {},
    {"resourceLogs": []},
    {"resourceLogs": [{"scopeLogs": []}, {}]},
    {"resourceLogs": [{"scopeLogs": [{"logRecords": []}, {"scope": {}}]}]},
]


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
@pytest.mark.parametrize("content", NOTHING)
def test_a_request_without_records_is_answered(server: Server, content: dict[str, Any], kind: str) -> None:
    message = json_format.ParseDict(content, ExportLogsServiceRequest())
    sent = content if kind == JSON else message.SerializeToString()
    answer = server.post(sent, kind, "/v1/logs")
    assert (answer.status, rejected(answer)) == (200, (0, ""))


STRANGE_IDS = ["é" * 23 + "=", "A" * 21 + "===", "x", 3, None]


@pytest.mark.parametrize("trace_id", STRANGE_IDS)
def test_an_identifier_of_any_kind_is_kept(server: Server, trace_id: Any) -> None:
    agent = f"id {trace_id!r}"
    strange = login(7, traceId=trace_id, attributes=[attribute("user.id", agent)])
    assert rejected(export(server, request(strange), JSON)) == (0, "")
    [row] = of_agents(server, agent)
    assert json.loads(row["metadata"]).get("traceId") == trace_id


def test_a_value_that_is_not_valid_unicode_is_left_out_by_name(server: Server) -> None:
    assert rejected(export(server, request(login(8, traceId=chr(0xD800))), JSON)) == (0, "")
    [row] = of_agents(server, "user-8")
    assert json.loads(row["metadata"])["trimmed"] == ["traceId"]


UNREADABLE = [
    (b"{", JSON),
    (b"[]", JSON),
    (b"\xff", JSON),
    (b'{"resourceLogs": 3}', JSON),
    (b'{"resourceLogs": [3]}', JSON),
    (b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{}, 3]}]}]}', JSON),
    (b"no protobuf", PROTOBUF),
]


@pytest.mark.parametrize(("content", "kind"), UNREADABLE)
def test_what_is_no_request_is_refused_in_its_own_encoding(server: Server, content: bytes, kind: str) -> None:
    answer = server.post(content, kind, "/v1/logs")
    assert (answer.status, answer.headers["content-type"]) == (400, kind)
    assert message_of(answer).startswith("the body cannot be read: ")


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_a_missing_token_is_refused_in_the_encoding_of_the_request(server: Server, kind: str) -> None:
    answer = server.ask("POST", "/v1/logs", b"", Content_Type=kind)
    assert (answer.status, message_of(answer)[:26]) == (401, "send Authorization: Bearer")


def message_of(answer: Answer) -> str:
    """The message of a google.rpc.Status."""
    if answer.headers["content-type"] == JSON:
        return str(answer.json["message"])
    message = ExportLogsPartialSuccess()
    message.ParseFromString(answer.content)
    return message.error_message


def test_a_file_of_the_collector_gives_the_same_fields(server: Server, tmp_path: Path) -> None:
    (tmp_path / "logs.jsonl").write_text(json.dumps(request(login(6))) + "\n")
    store = tmp_path / "audit.duckdb"
    import_files(store, [str(tmp_path / "logs.jsonl")])
    export(server, request(login(6)), JSON)
    same = ("agent", "activity", "description", "outcome", "source_ip", "target", "occurred_at", "metadata")
    [sent], [imported] = of_agents(server, "user-6"), rows(store)
    assert [sent[name] for name in same] == [imported[name] for name in same]
