"""One JSON event, an array of them or NDJSON → events of one source."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from audit_store.errors import InvalidEvent, reason
from audit_store.event import Event, json_decoder, parse_object
from ingest.http.refusals import Problem, Refusal, invalid, problem

NDJSON = "application/x-ndjson"
JSON = "application/json"
MOST_PROBLEMS = 100
"""How many invalid events an answer lists."""
_Row = tuple[int, Mapping[str, Any] | InvalidEvent]


def events_of(content: bytes, kind: str, source: str, key: str | None) -> list[Event]:
    """The events of a body of a type, with `key` as the event_id of a single one.

    Raises Refusal (400) with what is wrong with each event.
    """
    text = _text(content)
    is_single = kind == JSON and text.lstrip()[:1] == "{"
    rows = _lines(text) if kind == NDJSON else _documents(text)
    events: list[Event] = []
    problems: list[Problem] = []
    for row, record in rows:
        try:
            if isinstance(record, InvalidEvent):
                raise record
            events.append(_of_source(Event.of(record), source))
        except InvalidEvent as error:
            problems.append(problem(error, row))
            if len(problems) == MOST_PROBLEMS:
                break
    if problems:
        raise invalid(problems)
    return events if key is None else [_with_key(events, key, is_single=is_single)]


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(f"the body is not UTF-8 at byte {error.start + 1:,}") from None


def _unreadable(words: str) -> Refusal:
    return invalid([{"row": None, "field": None, "error": words}])


def _lines(text: str) -> Iterator[_Row]:
    for row, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield row, parse_object("record", line)
            except InvalidEvent as error:
                yield row, error


def _documents(text: str) -> Iterator[_Row]:
    try:
        value = json_decoder("record").decode(text)
    except InvalidEvent as error:
        raise invalid([problem(error, None)]) from None
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"the body is not JSON: {reason(error)}") from None
    for row, record in enumerate(value if isinstance(value, list) else [value], start=1):
        if isinstance(record, dict):
            yield row, record
        else:
            yield row, InvalidEvent("record", record, "an event must be a JSON object, {…}")


def _of_source(event: Event, source: str) -> Event:
    if event.source not in ("", source):
        raise InvalidEvent(
            "source", event.source, f"the token is of the source {source!r}; leave the field out"
        )
    return event if event.source == source else replace(event, source=source)


def _with_key(events: list[Event], key: str, *, is_single: bool) -> Event:
    if not is_single:
        raise _unreadable(
            "Idempotency-Key is for a body of one JSON object; give each event of a batch an event_id"
        )
    [event] = events
    if event.event_id not in (None, key):
        differs = InvalidEvent(
            "event_id", event.event_id, f"the Idempotency-Key is {key!r}; send one of them"
        )
        raise invalid([problem(differs, 1)])
    try:
        return replace(event, event_id=key)
    except InvalidEvent as error:
        raise invalid([problem(error, 1)]) from None
