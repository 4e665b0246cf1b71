"""Logs of OpenTelemetry → events: https://opentelemetry.io/docs/specs/otlp/#otlphttp."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from audit_store.errors import InvalidEvent, reason
from audit_store.event import Event, content_uuid, parse_object
from ingest import formats
from ingest.http.event_bodies import JSON
from ingest.http.refusals import Refusal
from ingest.importing.mapping import ReadOptions, Recipe, recipe_of
from ingest.importing.parse import record_to_event

PROTOBUF = "application/x-protobuf"
_TIMES = ("timeUnixNano", "observedTimeUnixNano")
_IDS = ("traceId", "spanId")
_NEEDED = {
    "agent": "a record needs the attribute user.id, or its resource service.name",
    "activity": "a record needs eventName, the attribute event.name, or a text as its body",
}


def events_of(content: bytes, kind: str, source: str) -> tuple[list[Event], list[str]]:
    """The events of a request of a type, and for each record that is none, why.

    A record without a key of its own gets one that is derived from it, so that a request that is sent again stores
    nothing twice. Raises Refusal (400) for a body that is no such request.
    """
    request = _of_json(content) if kind == JSON else _of_protobuf(content)
    recipe = _recipe(source)
    events: dict[str, Event] = {}
    rejected = []
    for number, parts in enumerate(_log_records(request)):
        try:
            event = _event(_whole(*parts), recipe)
        except InvalidEvent as error:
            is_missing = error.value is None and error.field in _NEEDED
            rejected.append(f"{error.field} is missing: {_NEEDED[error.field]}" if is_missing else str(error))
            continue
        if events.setdefault(event.event_id or str(number), event) != event:
            rejected.append(f"event_id {event.event_id!r}: another record of the request has it, and differs")
    return list(events.values()), rejected


def response(kind: str, rejected: list[str]) -> bytes:
    """The body of an answer with status 200: how many records were rejected, and why the first one was."""
    message = ExportLogsServiceResponse()
    if rejected:
        message.partial_success.rejected_log_records = len(rejected)
        message.partial_success.error_message = rejected[0]
    return json_format.MessageToJson(message).encode() if kind == JSON else message.SerializeToString()


def status(kind: str, error: str) -> bytes:
    """The body of an answer with another status: a google.rpc.Status with a message."""
    if kind == JSON:
        return json.dumps({"message": error}).encode()
    # A Status has its message in the same field, as text with the number 2.
    return ExportLogsPartialSuccess(error_message=error).SerializeToString()


def _of_json(content: bytes) -> dict[str, Any]:
    try:
        return parse_object("body", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable(f"it is not UTF-8 at byte {error.start + 1:,}") from None
    except InvalidEvent as error:
        raise _unreadable(error.reason) from None


def _of_protobuf(content: bytes) -> dict[str, Any]:
    message = ExportLogsServiceRequest()
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise _unreadable(f"it is no ExportLogsServiceRequest in protobuf: {reason(error)}") from None
    request: dict[str, Any] = json_format.MessageToDict(message, use_integers_for_enums=True)
    for _, _, record in _log_records(request):
        # Protobuf's JSON has bytes in base64, where OTLP's has these identifiers in hexadecimal.
        record |= {name: base64.b64decode(record[name]).hex() for name in _IDS if name in record}
    return request


def _unreadable(words: str) -> Refusal:
    return Refusal(400, {"error": f"the body cannot be read: {words}"})


def _log_records(request: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], ...]]:
    """Each log record of a request, with its resource and its scope before it. Raises Refusal (400)."""
    for resource in _elements(request, "resourceLogs"):
        for scope in _elements(resource, "scopeLogs"):
            for record in _elements(scope, "logRecords"):
                yield resource, scope, record


def _elements(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    elements = value.get(name) or []
    if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
        raise _unreadable(f"{name} must be an array of JSON objects")
    return elements


def _whole(
    resource: Mapping[str, Any], scope: Mapping[str, Any], record: Mapping[str, Any]
) -> dict[str, Any]:
    """A log record with what its resource and its scope say, and without times that are not known, which are 0."""
    around = {
        name: value
        for part in (resource, scope)
        for name, value in part.items()
        if name not in ("scopeLogs", "logRecords")
    }
    known = {name: value for name, value in record.items() if name not in _TIMES or value not in (0, "0", "")}
    return around | known


@cache
def _recipe(source: str) -> Recipe:
    return recipe_of(formats.load("otlp"), ReadOptions(source=source, time_format="ns"))


def _event(record: Mapping[str, Any], recipe: Recipe) -> Event:
    event, _, timed = record_to_event(record, recipe)
    # Without a time, records of different moments may be equal.
    if event.event_id is None and timed:
        content = json.dumps(record, sort_keys=True)
        event = replace(event, event_id=str(content_uuid(event.source, content)))
    return event
