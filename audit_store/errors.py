"""What can go wrong, as one tree.

AuditStoreError
├── InvalidEvent       the event breaks a rule of the contract; sending it again changes nothing
├── InvalidFilter      a reader's wish cannot be read (an unknown range, zone, date …)
├── InvalidFormat      an import format or a catalogue file is wrong, or the format of a file is not known
├── EventConflict      the same (source, event_id) came with another body; the first stays
├── StoreBusy          somebody else has the file; try again
├── StoreCorrupt       the file is not a database that can be read
├── StoreNewer         the file was written by a newer version of this program
├── StoreNotFound      there is no file yet
└── SpoolFull          the spool's disk took nothing more

`stored` says what became of the event in hand: "stored", "not stored", or
"unknown: send it again with the same event_id".
"""

from typing import Literal

Stored = Literal["stored", "not stored", "unknown: send it again with the same event_id"]
NOT_STORED: Stored = "not stored"
UNKNOWN: Stored = "unknown: send it again with the same event_id"

_SHOWN = 80


def shorten(value: object) -> str:
    """`repr` of a value, cut to 80 characters, so that an error stays one readable line."""
    try:
        text = repr(value[: 2 * _SHOWN]) if isinstance(value, str | bytes) else repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists …
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class AuditStoreError(Exception):
    """Root of every error this project raises on purpose."""

    stored: Stored = NOT_STORED

    def __init__(
        self, message: str, *, stored: Stored | None = None, event_ids: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.event_ids = event_ids
        if stored is not None:
            self.stored = stored


class InvalidEvent(AuditStoreError):
    """An event breaks a rule; names the field, the value and, in a batch, the row (counted from 1)."""

    def __init__(self, field: str, value: object, allowed: str, *, row: int | None = None) -> None:
        self.field, self.value, self.allowed, self.row = field, value, allowed, row
        where = field if row is None else f"row {row}, {field}"
        super().__init__(f"{where}: {shorten(value)} is not allowed: {allowed}")

    @property
    def reason(self) -> str:
        """The same without the row, for lists that name the row in a column of their own."""
        return f"{self.field}: {shorten(self.value)} is not allowed: {self.allowed}"

    def at_row(self, row: int) -> "InvalidEvent":
        """The same refusal with the row it was found in."""
        return InvalidEvent(self.field, self.value, self.allowed, row=row)


class InvalidFilter(AuditStoreError):
    """A filter parameter has a value that cannot be used; names the parameter and what is allowed."""

    def __init__(self, parameter: str, value: object, allowed: str) -> None:
        self.parameter, self.value, self.allowed = parameter, value, allowed
        super().__init__(f"{parameter}={shorten(value)} was ignored: {allowed}")


class InvalidFormat(AuditStoreError):
    """A file cannot be read in the format asked for, or a declaration is wrong."""


class EventConflict(AuditStoreError):
    """The same (source, event_id) names another body; the first one stays as it was."""


class StoreBusy(AuditStoreError):
    """Another program holds the DuckDB file; names the holder where it is known. Transient."""


class StoreCorrupt(AuditStoreError):
    """The file is not a database that this program can read."""


class StoreNewer(AuditStoreError):
    """The file carries a schema version that this program does not know."""


class StoreNotFound(AuditStoreError):
    """There is no store at this place yet."""


class SpoolFull(AuditStoreError):
    """The disk under the spool took nothing more; the event was not stored."""
