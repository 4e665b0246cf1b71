"""The errors of this project, as one tree.

AuditStoreError
├── InvalidEvent       the event is not valid; sending it again fails again
├── InvalidFilter      a filter's value cannot be used (an unknown range, zone, date …)
├── InvalidQuery       a query line cannot be read as a filter; says at which character
├── InvalidFormat      an import format or a catalogue file is not valid, or the format of a file is unknown
├── InvalidSetting     an environment variable has a value that cannot be used
├── EventConflict      the same (source, event_id) came with another body; the first stays
├── StoreBusy          another program holds the file; try again
├── StoreCorrupt       the file cannot be read as a database
├── StoreNewer         the file was written by a newer version of this program
├── StoreNotFound      the file does not exist yet
├── StoreLost          the file held events and is missing, empty, older or another one
├── QueryTimeout       a statement took longer than its time limit; ask for less
├── QueryTooLarge      a statement needed more memory than its limit; ask for less
└── SpoolFull          the spool's disk is full

`stored` says what became of the event being appended: "stored", "not stored", or
"unknown: send it again with the same event_id".
"""

import errno
import json
import os
import sys
from typing import Literal

Stored = Literal["stored", "not stored", "unknown: send it again with the same event_id"]
NOT_STORED: Stored = "not stored"
UNKNOWN: Stored = "unknown: send it again with the same event_id"

_SHOWN = 80


_SHOWN_JSON = 20
# What the other messages of Python's JSON hold.
_VALUE_PROBLEMS = {
    "integer string conversion": f"a number must have at most {sys.get_int_max_str_digits():,} digits",
    "Out of range float": "NaN, Infinity and numbers beyond 1.8e308 are not valid JSON",
    "Circular reference": "it must not contain itself",
}
# What the messages of Python's parser begin with, by which it tells its errors.
_JSON_PROBLEMS = {
    "Expecting value": "there is no value",
    "Expecting property name": "there is no key in double quotes",
    "Expecting ':'": "there is no colon after a key",
    "Expecting ','": "there is neither a comma nor a closing bracket",
    "Illegal trailing comma": "a comma has no value after it",
    "Extra data": "there is more text",
    "Unterminated string": "a text has no closing quote",
    "Invalid control character": "a control character is not written as an escape such as \\n",
    "Invalid \\": "a backslash does not begin an escape such as \\n",
}


def shorten(value: object) -> str:
    """`repr` of a value, cut to 80 characters, so that an error message stays one line."""
    try:
        text = repr(value[: 2 * _SHOWN]) if isinstance(value, str | bytes) else repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or deep nesting
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def one_line(text: str) -> str:
    """A text for a terminal or a line of a log: line breaks, control and invisible characters as escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


_REMEDIES = {
    errno.ENOENT: "it does not exist; check the path",
    errno.EEXIST: "another file has this name; move it away",
    errno.ENOTDIR: "a part of the path is not a folder; check the path",
    errno.EISDIR: "it is a folder; name a file",
    errno.EACCES: "this user has no access; change the owner or mode of the file or its folder",
    errno.EPERM: "this user may not do it; change the owner or mode of the file or its folder",
    errno.EROFS: "its file system is read-only; name a place elsewhere, or mount it for writing",
    errno.ENOSPC: "its disk is full; free some space",
    errno.EDQUOT: "the quota of this user is used up; free some space",
    errno.EIO: "its disk failed; check the disk",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "it is a symbolic link that is not followed; name the file itself",
    errno.EMFILE: "this process has too many open files; raise its limit (ulimit -n)",
}


def reason(error: Exception) -> str:
    """What went wrong and what to do, of an error of the system, without its path; of any other error, its text.

    Of an error in JSON, what is wrong and where.
    """
    if isinstance(error, json.JSONDecodeError):
        return _json_problem(error)
    if isinstance(error, RecursionError):
        return "it must be nested less deeply"
    if not isinstance(error, OSError):
        text = str(error)
        return next((words for part, words in _VALUE_PROBLEMS.items() if part in text), text)
    return _REMEDIES.get(error.errno or 0) or f"{error.strerror or error}; check the file and its disk"


def _json_problem(error: json.JSONDecodeError) -> str:
    problem = next(
        (words for start, words in _JSON_PROBLEMS.items() if error.msg.startswith(start)), "invalid JSON"
    )
    text = error.doc[error.pos : error.pos + _SHOWN_JSON]
    line = f"line {error.lineno}, " if error.lineno > 1 else ""
    return f"{problem} at {line}character {error.colno}, {shorten(text)}" if text else f"{problem} at its end"


def os_error_text(error: OSError) -> str:
    """Where an error of the system happened, what went wrong, and what to do."""
    return reason(error) if error.filename is None else f"{os.fsdecode(error.filename)}: {reason(error)}"


class AuditStoreError(Exception):
    """The root of every error that this project raises."""

    stored: Stored = NOT_STORED

    def __init__(
        self, message: str, *, stored: Stored | None = None, event_ids: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.event_ids = event_ids
        if stored is not None:
            self.stored = stored


class InvalidEvent(AuditStoreError):
    """An event is not valid; names the field, the value and, in a batch, the row (counted from 1).

    `reason` is the message without the row, for lists that have a column for it.
    """

    def __init__(self, field: str, value: object, allowed: str, *, row: int | None = None) -> None:
        self.field, self.value, self.allowed, self.row = field, value, allowed, row
        problem = f"{field} is missing" if value is None else f"{field}: {shorten(value)} is not allowed"
        self.reason = f"{problem}: {allowed}"
        super().__init__(self.reason if row is None else f"row {row}, {self.reason}")

    def at_row(self, row: int) -> "InvalidEvent":
        """The same error for a row of a batch."""
        return InvalidEvent(self.field, self.value, self.allowed, row=row)


class InvalidFilter(AuditStoreError):
    """A filter parameter has a value that cannot be used; names the parameter and what is allowed."""

    def __init__(self, parameter: str, value: object, allowed: str) -> None:
        self.parameter, self.value, self.allowed = parameter, value, allowed
        super().__init__(f"{parameter}={shorten(value)} was ignored: {allowed}")


class InvalidQuery(AuditStoreError):
    """A query line is not valid; says at which character, counted from 1, and what is allowed there."""

    def __init__(self, line: str, start: int, allowed: str) -> None:
        self.position, self.allowed = start + 1, allowed
        text = line[start:]
        where = f"character {self.position}, {shorten(text)}" if text else "the end of the line"
        super().__init__(f"the query cannot be read at {where}: {allowed}")


class InvalidFormat(AuditStoreError):
    """A file cannot be read in the requested format, or a declaration is not valid."""


class InvalidSetting(AuditStoreError):
    """An environment variable has a value that cannot be used; names the variable and what is allowed."""

    def __init__(self, variable: str, value: object, allowed: str) -> None:
        super().__init__(f"{variable}: {shorten(value)} cannot be used: {allowed}")


class EventConflict(AuditStoreError):
    """The same (source, event_id) came with another body; the first one stays unchanged."""


class StoreBusy(AuditStoreError):
    """Another program holds the file; names the holder if it is known. Transient."""


class StoreCorrupt(AuditStoreError):
    """The file cannot be read as a database."""


class StoreNewer(AuditStoreError):
    """The file has a schema version that is newer than this program."""


class StoreNotFound(AuditStoreError):
    """There is no store at this path yet."""


class StoreLost(AuditStoreError):
    """The file held events, and is missing, empty, an older copy or another store; nothing new was created."""


class QueryTimeout(AuditStoreError):
    """A statement took longer than its time limit; a shorter time range or a narrower filter takes less."""


class QueryTooLarge(AuditStoreError):
    """A statement needed more memory than its limit; a shorter time range or a narrower filter needs less."""


class SpoolFull(AuditStoreError):
    """The spool's disk is full; the event was not stored."""
