"""The description of the HTTP interface, OpenAPI 3.1."""

from importlib import metadata
from typing import Any

from audit_store import event
from ingest.http.bodies import MAX_BYTES

_TEXT = {"type": "string"}
_LENGTHS = {
    "agent": (1, event.AGENT_MAX),
    "activity": (1, event.ACTIVITY_MAX),
    "source_ip": (0, event.SOURCE_IP_MAX),
    "target": (0, event.TARGET_MAX),
    "source": (0, event.SOURCE_MAX),
    "event_id": (1, event.EVENT_ID_MAX),
}
_WORDS = {
    "agent": "Who acted: a person, a service, an API key.",
    "activity": "The kind of act, such as Login.",
    "description": f"One sentence, at most {event.DESCRIPTION_MAX_BYTES:,} bytes of UTF-8.",
    "occurred_at": "When it happened, with an offset, from 1970 to 2200; default: when it is received.",
    "source_ip": "Where the request came from.",
    "target": "What it was done to.",
    "source": "That of the token; may be left out.",
    "event_id": "A key of its own: an event with the same key is stored once, however often it is sent.",
    "metadata": f"Anything else, at most {event.METADATA_MAX_BYTES:,} bytes of JSON, "
    f"nested at most {event.METADATA_MAX_DEPTH} deep.",
}
_ERROR = {"type": "object", "properties": {"error": _TEXT}, "required": ["error"]}
_PROBLEM = {
    "type": "object",
    "properties": {
        "row": {"type": ["integer", "null"], "description": "Position in the array, or line, from 1."},
        "field": {"type": ["string", "null"]},
        "error": _TEXT,
    },
    "required": ["row", "field", "error"],
}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The event_id of a single event.",
    "schema": {"type": "string", "maxLength": event.EVENT_ID_MAX},
}
_REFUSALS = {
    "401": "The token is missing, unknown, expired or revoked.",
    "413": f"The body has more than {MAX_BYTES:,} bytes, as it is sent or unpacked.",
    "415": "The type or the encoding of the body is another one.",
    "429": "Too many requests arrive at once: send the request again.",
    "503": "Nothing is stored, or it is not known whether: send the request again, with the same event_id.",
}


def document() -> dict[str, Any]:
    """The description as a JSON value."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Audit log: append events", "version": _version()},
        "security": [{"token": []}],
        "paths": {
            "/v1/events": {"post": _events()},
            "/v1/logs": {"post": _logs()},
            "/healthz": {"get": _probe("Whether the server runs.")},
            "/readyz": {"get": _probe("Whether events can be stored.", "503")},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Event": _event(), "Problem": _PROBLEM, "Error": _ERROR},
        },
    }


def _version() -> str:
    try:
        return metadata.version("audit-log-explorer")
    except metadata.PackageNotFoundError:  # a checkout
        return "0"


def _event() -> dict[str, Any]:
    properties: dict[str, Any] = {name: dict(_TEXT) for name in event.FIELDS}
    for name, (least, most) in _LENGTHS.items():
        properties[name] |= {"minLength": least, "maxLength": most}
    properties["occurred_at"]["format"] = "date-time"
    properties["outcome"]["enum"] = list(event.OUTCOMES)
    properties["metadata"] = {"type": "object"}
    for name, words in _WORDS.items():
        properties[name]["description"] = words
    return {
        "type": "object",
        "required": ["agent", "activity"],
        "additionalProperties": False,
        "properties": properties,
    }


def _events() -> dict[str, Any]:
    one = _schema("Event")
    accepted = {
        "type": "object",
        "properties": {"accepted": {"type": "integer"}, "event_ids": {"type": "array", "items": _TEXT}},
        "required": ["accepted", "event_ids"],
    }
    return {
        "summary": "Store one event, or several: all or none.",
        "parameters": [_KEY],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"oneOf": [one, {"type": "array", "items": one}]}},
                "application/x-ndjson": {"schema": _TEXT},
            },
        },
        "responses": {
            "202": _answer("The events are on disk.", accepted),
            "400": _answer("Nothing is stored.", {"type": "array", "items": _schema("Problem")}),
            **_refusals(),
        },
    }


def _logs() -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "summary": "Store logs of OpenTelemetry (OTLP/HTTP).",
        "description": "The body of every answer but 200 is a google.rpc.Status, encoded as that of the request.",
        "requestBody": {
            "required": True,
            "content": {
                "application/x-protobuf": binary,
                "application/json": {"schema": {"type": "object"}},
            },
        },
        "responses": {
            "200": {"description": "Stored, but for the records that partialSuccess counts."},
            "400": {"description": "The body cannot be read."},
            **{status: {"description": words} | _headers(status) for status, words in _REFUSALS.items()},
        },
    }


def _refusals() -> dict[str, Any]:
    return {
        status: _answer(words, _schema("Error")) | _headers(status) for status, words in _REFUSALS.items()
    }


def _headers(status: str) -> dict[str, Any]:
    return {"headers": _RETRY_AFTER} if status in ("429", "503") else {}


def _probe(words: str, *others: str) -> dict[str, Any]:
    answers = {status: {"description": words} | _headers(status) for status in ("200", *others)}
    return {"summary": words, "security": [], "responses": answers}


def _answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def _schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
