"""A mapping for records of a kind that no format knows, guessed from the names and values of their keys."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from ipaddress import ip_address
from typing import Any

from audit_store.errors import InvalidEvent
from ingest.formats.paths import scalar
from ingest.importing.fields import times
from ingest.importing.fields.addresses import client_address

NAMES: Mapping[str, tuple[str, ...]] = {
    "occurred_at": (
        *("occurredat", "timestamp", "eventtime", "datetime", "time", "createdat", "created", "date", "ts"),
        *("loggedat", "logtime", "published", "when"),
    ),
    "agent": (
        *("agent", "useremail", "actoremail", "username", "user", "actorname", "actor", "login", "account"),
        *("principal", "email", "author", "sender", "userid", "actorid", "who", "by"),
    ),
    "activity": (
        *("activity", "action", "eventname", "eventtype", "event", "operation", "operationname", "verb"),
        *("method", "type", "command", "what"),
    ),
    "outcome": ("outcome", "result", "outcomeresult", "status", "success", "succeeded"),
    "source_ip": (
        *("sourceip", "ip", "ipaddress", "clientip", "remoteaddr", "remoteip", "srcip", "sourceaddress"),
        *("clientaddress", "remoteaddress", "address"),
    ),
    "target": ("target", "targetname", "resource", "resourcename", "object", "objectid", "entity", "path"),
    "description": ("description", "message", "msg", "summary", "details"),
    "event_id": ("eventid", "id", "uuid", "guid"),
}
"""Names of keys, in lower case without punctuation, that hold a field of an event; the most certain ones first."""

_OUTCOMES = {
    "success": ("success", "succeeded", "successful", "ok", "true", "allow", "allowed", "granted", "passed"),
    "failure": ("failure", "failed", "fail", "false", "error", "deny", "denied", "rejected", "blocked"),
}
_DEEPEST = 3
_PLAIN = re.compile(r"\w+")
_PUNCTUATION = re.compile(r"[\W_]+")


def suggested(records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """For each field that a key of the records seems to hold, what `--map` says; empty where nothing is likely.

    A key counts if at least half of the records have a value there that the field can take.
    """
    values: dict[str, list[Any]] = {}
    for record in records:
        for path, value in _leaves(record):
            values.setdefault(path, []).append(value)
    mapping: dict[str, str] = {}
    for field in NAMES:
        free = [path for path in values if path not in mapping.values()]
        fitting = [path for path in free if 2 * _count(field, values[path]) >= len(records)]
        ranked = sorted(
            (rank, path.count("."), path) for path in fitting if (rank := _rank(field, path)) is not None
        )
        if ranked:
            mapping[field] = ranked[0][2]
    if "outcome" in mapping:
        mapping["outcome"] += _outcomes(values[mapping["outcome"]])
    return {field: path for field, path in mapping.items() if path != field}


def _leaves(record: Mapping[str, Any], path: str = "", depth: int = 1) -> Iterator[tuple[str, Any]]:
    """The keys and paths of the record's texts, numbers and booleans, with these."""
    for key, value in record.items():
        step = key if _PLAIN.fullmatch(key) else f'"{key}"'
        inner = f"{path}.{step}" if path else step
        if isinstance(value, Mapping) and depth < _DEEPEST and '"' not in key:
            yield from _leaves(value, inner if path else f"$.{step}", depth + 1)
        elif scalar(value) not in (None, ""):
            yield (key if not path else inner), value


def _rank(field: str, path: str) -> int | None:
    """The position of a path's last name, or of its last two, in NAMES; None where neither is there."""
    steps = [_PUNCTUATION.sub("", step).lower() for step in path.removeprefix("$.").split(".")]
    ranks = [NAMES[field].index(name) for name in (steps[-1], "".join(steps[-2:])) if name in NAMES[field]]
    return min(ranks, default=None)


def _count(field: str, values: Sequence[Any]) -> int:
    return sum(_can_be(field, value) for value in values)


def _can_be(field: str, value: Any) -> bool:
    if field == "occurred_at":
        try:
            times.read(value, times.TimeRules(zone=UTC))
        except InvalidEvent:
            return False
    if field == "source_ip":
        try:
            ip_address(client_address(value) or "")
        except ValueError:
            return False
    if field == "outcome":
        return _outcome(value) is not None
    return field in ("occurred_at", "event_id") or not isinstance(value, bool | float)


def _outcome(value: Any) -> str | None:
    word = (scalar(value) or "").lower()
    return next((outcome for outcome, words in _OUTCOMES.items() if word in words), None)


def _outcomes(values: Sequence[Any]) -> str:
    """What follows the key in `--map outcome=…`: what its values mean, where they are not the words themselves."""
    words = {text: _outcome(text) for value in values if (text := scalar(value))}
    pairs = [f"{word}={outcome}" for word, outcome in words.items() if outcome is not None]
    return "" if all(word == outcome for word, outcome in words.items()) else f":{','.join(pairs)}"
