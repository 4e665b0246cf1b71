"""An event: one frozen record that validates itself."""

import json
import os
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, tzinfo
from functools import cache
from itertools import pairwise
from typing import Any, Self

from audit_store.errors import InvalidEvent, reason

AGENT_MAX = 256
ACTIVITY_MAX = 128
SOURCE_IP_MAX = 64
TARGET_MAX = 512
SOURCE_MAX = 128
EVENT_ID_MAX = 256
DESCRIPTION_MAX_BYTES = 8 * 1024
METADATA_MAX_BYTES = 64 * 1024
METADATA_MAX_DEPTH = 16
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
OUTCOMES = ("success", "failure")

KEY_NAMESPACE = uuid.UUID("5d0f8a2e-6c1b-5b7e-9a43-2f0c9d1e7b60")
UUID_PATTERN = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_UUID = re.compile(UUID_PATTERN)
RFC3339_PATTERN = (
    r"\d{4}-\d{2}-\d{2}[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
_RFC3339 = re.compile(RFC3339_PATTERN)
_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Who did what, when.

    Limits are those of the contract; lengths count characters, except `description` and `metadata`, which
    count UTF-8 bytes. `occurred_at` is an aware datetime in UTC, or None: the time of the append.
    `metadata` is the exact JSON text of one object. `event_id` is the caller's key, or None: a fresh one.

    Raises InvalidEvent, naming the field, the value and what is allowed.
    """

    agent: str
    activity: str
    description: str = ""
    occurred_at: datetime | None = None
    outcome: str | None = None
    source_ip: str | None = None
    target: str | None = None
    source: str = ""
    event_id: str | None = None
    metadata: str = "{}"

    def __post_init__(self) -> None:
        _check_text("agent", self.agent, AGENT_MAX, least=1)
        _check_text("activity", self.activity, ACTIVITY_MAX, least=1)
        _check_text("source", self.source, SOURCE_MAX)
        _check_bytes("description", self.description, DESCRIPTION_MAX_BYTES)
        for field, most in (("source_ip", SOURCE_IP_MAX), ("target", TARGET_MAX)):
            if getattr(self, field) is not None:
                _check_text(field, getattr(self, field), most)
        if self.event_id is not None:
            _check_text("event_id", self.event_id, EVENT_ID_MAX, least=1)
        if self.outcome not in (None, *OUTCOMES):
            raise InvalidEvent("outcome", self.outcome, 'give "success", "failure" or nothing')
        if self.occurred_at is not None:
            object.__setattr__(self, "occurred_at", parse_time(self.occurred_at))
        if self.metadata != "{}":
            check_metadata(self.metadata)

    @classmethod
    def of(cls, record: Mapping[str, Any], *, zone: tzinfo | None = None) -> Self:
        """An event from untyped values, as scripts and files give them.

        `occurred_at` may be RFC 3339 text or a datetime, `metadata` a mapping or JSON text. None means
        "not given". `zone` is the time zone of times that carry none; without it they are refused.
        """
        for name in record:
            if name not in FIELDS:
                raise InvalidEvent(str(name), record[name], f"the fields of an event are {', '.join(FIELDS)}")
        values = {name: value for name, value in record.items() if value is not None}
        for name in ("agent", "activity"):
            if name not in values:
                raise InvalidEvent(name, None, "it is required")
        if "occurred_at" in values:
            values["occurred_at"] = parse_time(values["occurred_at"], zone)
        if "metadata" in values and not isinstance(values["metadata"], str):
            values["metadata"] = _metadata_text(values["metadata"])
        return cls(**values)

    @property
    def key(self) -> uuid.UUID | None:
        """The `event_id` column for this event's own key; None where a fresh one is wanted."""
        return None if self.event_id is None else key_uuid(self.source, self.event_id)


FIELDS = tuple(field.name for field in fields(Event))
BODY = ("agent", "activity", "description", "outcome", "source_ip", "target", "source", "metadata")
"""The fields that are stored as they are given, in the order of the columns."""
COLUMNS = ("seq", "event_id", "occurred_at", "recorded_at", *BODY)
"""The columns of the table `events`, in order."""


def key_uuid(source: str, event_id: str) -> uuid.UUID:
    """The key itself if it is a UUID of 36 characters, else UUIDv5 of (source, key) (RFC 9562, 5.5)."""
    if _UUID.fullmatch(event_id):
        return uuid.UUID(event_id)
    return uuid.uuid5(KEY_NAMESPACE, f"{len(source)}:{source}{event_id}")


def content_uuid(source: str, record: str) -> uuid.UUID:
    """The key of an event that came without one: UUIDv5 of (source, its record); no `event_id` gives the same."""
    return uuid.uuid5(KEY_NAMESPACE, f"record {len(source)}:{source}{record}")


def fresh_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562, 5.7 and 6.2, method 3): the time since 1970 in 1/4096 ms, then 62 random bits."""
    return uuid.UUID(fresh_id_text())


def fresh_id_text() -> str:
    """A UUIDv7 as 36 characters, without the cost of a UUID object."""
    random = os.urandom(8).hex()
    clock = f"{time.time_ns() * 4096 // 1_000_000:015x}"
    return (
        f"{clock[:8]}-{clock[8:12]}-7{clock[12:]}-{'89ab'[int(random[0], 16) & 3]}{random[1:4]}-{random[4:]}"
    )


def parse_time(value: object, zone: tzinfo | None = None) -> datetime:
    """An aware datetime in UTC with microseconds; further digits are dropped.

    Raises InvalidEvent for a time without an offset (unless `zone` names it), for a text that is not
    RFC 3339, and for years outside 1970–2200.
    """
    moment = value if isinstance(value, datetime) else _parse_text(value)
    if moment.utcoffset() is None:
        if zone is None:
            raise InvalidEvent(
                "occurred_at", str(value), "add an offset (Z or +05:30), or name the time zone"
            )
        moment = moment.replace(tzinfo=zone)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = LATEST
    if not EARLIEST <= moment < LATEST:
        raise InvalidEvent("occurred_at", str(value), "years 1970 to 2199 can be stored")
    return moment


def _parse_text(value: object) -> datetime:
    if isinstance(value, str) and (_RFC3339.fullmatch(value) or _NAIVE.fullmatch(value)):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass  # a date that does not exist, such as 30 February
    raise InvalidEvent("occurred_at", value, "give RFC 3339 text such as 2026-03-14T09:26:53Z")


def _check_text(field: str, value: object, most: int, *, least: int = 0) -> None:
    if not isinstance(value, str):
        raise InvalidEvent(field, value, "it must be text")
    if not least <= len(value) <= most:
        raise InvalidEvent(field, value, f"it must have {least} to {most} characters, and has {len(value)}")
    _check_unicode(field, value)


def _check_bytes(field: str, value: object, most: int) -> None:
    if not isinstance(value, str):
        raise InvalidEvent(field, value, "it must be text")
    if (size := len(_check_unicode(field, value))) > most:
        raise InvalidEvent(field, value, f"it must have at most {most} bytes, and has {size}")


def _check_unicode(field: str, value: str) -> bytes:
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise InvalidEvent(field, value, "unpaired surrogate; text must be valid Unicode") from None


def _metadata_text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidEvent("metadata", value, f"it must be a JSON object: {reason(error)}") from None


def _plain(value: object) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def check_metadata(text: str) -> None:
    """Raise InvalidEvent unless `text` is one JSON object (RFC 8259) within the contract's limits."""
    _check_bytes("metadata", text, METADATA_MAX_BYTES)
    value = parse_object("metadata", text)
    _check_depth(value, text)
    if "\\u" in text:  # only an escape can give what the text itself does not have
        _check_unicode("metadata", json.dumps(value, ensure_ascii=False))


def parse_object(field: str, text: str) -> dict[str, Any]:
    """The JSON object (RFC 8259) in a text, whose keys must be distinct. Raises InvalidEvent with this field."""
    try:
        value = json_decoder(field).decode(text)
    except (ValueError, RecursionError) as error:
        words = f": {reason(error)}" if text.lstrip().startswith("{") else ", {…}"
        raise InvalidEvent(field, text, f"it must be a JSON object{words}") from None
    if not isinstance(value, dict):
        raise InvalidEvent(field, text, "it must be a JSON object, {…}")
    return value


@cache
def json_decoder(field: str) -> json.JSONDecoder:
    """Decodes JSON by these rules. Raises InvalidEvent, and ValueError or RecursionError for what is no JSON."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(members := dict(pairs)) < len(pairs):
            names = sorted(name for name, _ in pairs)
            raise InvalidEvent(field, next(a for a, b in pairwise(names) if a == b), "duplicate key")
        return members

    def no_constant(name: str) -> None:
        raise InvalidEvent(field, name, "NaN and Infinity are not valid JSON")

    return json.JSONDecoder(object_pairs_hook=unique, parse_constant=no_constant)


def _check_depth(value: dict[str, Any], text: str) -> None:
    containers: list[Any] = [value]
    depth = 0
    while containers:
        depth += 1
        if depth > METADATA_MAX_DEPTH:
            raise InvalidEvent("metadata", text, f"it may be nested at most {METADATA_MAX_DEPTH} levels deep")
        members = [item.values() if isinstance(item, dict) else item for item in containers]
        containers = [item for group in members for item in group if isinstance(item, dict | list)]
