"""Answers to requests of which nothing is stored, or nobody knows whether it is."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from audit_store.errors import AuditStoreError, EventConflict, InvalidEvent, StoreBusy, one_line

RETRY_SOON, RETRY_LATER = 1, 30
"""Seconds after which a program may try again: after work of others, and after what a person has to mend."""


class Problem(TypedDict):
    """Why an event of a request cannot be stored: its row from 1, or line of NDJSON, and its field, where known."""

    row: int | None
    field: str | None
    error: str


class Refusal(Exception):
    """The answer to a request: a status, a value that is sent as JSON, and headers."""

    def __init__(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.value, self.headers = status, value, dict(headers or {})
        super().__init__(f"{status}: {value}")


def refused(status: int, error: str, **headers: str) -> Refusal:
    """A refusal of a whole request; the names of headers are written with underscores."""
    return Refusal(
        status, {"error": error}, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def invalid(problems: Sequence[Problem]) -> Refusal:
    """400: what is wrong with the events of a request, of which none is stored."""
    return Refusal(400, list(problems))


def problem(error: InvalidEvent, row: int | None) -> Problem:
    """What is wrong with one event."""
    # A name that is not valid Unicode cannot be sent.
    return {"row": row, "field": one_line(error.field), "error": one_line(error.reason)}


def try_again(error: AuditStoreError | OSError, words: str) -> Refusal:
    """503: what keeps events from being stored, in `words`, and the ids with which some may be stored already."""
    after = RETRY_SOON if isinstance(error, StoreBusy) else RETRY_LATER
    value: dict[str, Any] = {"error": words}
    if isinstance(error, AuditStoreError) and error.event_ids:
        value["event_ids"] = list(error.event_ids)
    return Refusal(503, value, {"Retry-After": str(after)})


def of_error(error: AuditStoreError | OSError, words: str) -> Refusal:
    """The answer to a request whose events could not be stored because of an error."""
    if isinstance(error, InvalidEvent):
        return invalid([problem(error, error.row)])
    if isinstance(error, EventConflict):
        return invalid([{"row": None, "field": "event_id", "error": str(error)}])
    return try_again(error, words)
