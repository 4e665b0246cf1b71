"""DuckDB's errors become the errors of this project."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from audit_store.engines import settings
from audit_store.errors import (
    AuditStoreError,
    InvalidFormat,
    QueryTimeout,
    QueryTooLarge,
    StoreBusy,
    StoreCorrupt,
    StoreNewer,
)

MissingTable = duckdb.CatalogException
"""What a statement over a table that the file does not have raises."""


@contextlib.contextmanager
def translated(explain: Callable[[duckdb.Error], AuditStoreError]) -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except duckdb.Error as error:
        raise explain(error) from error
    except RuntimeError as error:
        # DuckDB's form of Ctrl-C during a statement.
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error


def is_readable(read: Callable[[], object]) -> bool:
    """Whether reading comes to an end, instead of to a damaged block of the file."""
    try:
        read()
    except duckdb.Error as error:
        if not _is_damage(error):
            raise
        return False
    return True


def _is_damage(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.SerializationException) or "orrupt" in str(error)


def explain(path: Path, error: duckdb.Error) -> AuditStoreError:
    """The error that a failure to open or read the file at `path` is."""
    text = str(error)
    if "Could not set lock" in text or "different configuration" in text:
        holder = re.search(r"held in (.+?)\. (?:However|See)", text)
        who = holder.group(1) if holder else "another program"
        return StoreBusy(f"{path} is held by {who}; close it there, or try again")
    if isinstance(error, duckdb.InterruptException):
        return QueryTimeout(
            f"reading {path} reached its time limit; choose a shorter time range or a narrower filter, "
            f"or raise {settings.SECONDS}"
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryTooLarge(
            f"{path} cannot be worked on in the memory that is allowed; choose a shorter time range or a narrower "
            f"filter, or raise {settings.MEMORY}"
        )
    if "No space left" in text:
        return AuditStoreError(
            f"the disk under {path.parent} is full; free some space, then what waits is stored"
        )
    if "newer version" in text or "version number" in text:
        return StoreNewer(
            f"{path} was written by a newer version of DuckDB; update this program ({_first_line(text)})"
        )
    if isinstance(error, duckdb.DataError | duckdb.InvalidInputException | duckdb.IntegrityError):
        return InvalidFormat(f"{path}: {_first_line(text)}")
    if "Permission denied" in text:
        return AuditStoreError(f"{path} may not be opened by this user; change its owner or mode")
    if isinstance(error, duckdb.IOException) or _is_damage(error):
        return StoreCorrupt(f"{path} cannot be read: {_first_line(text)}")
    return AuditStoreError(f"{path}: {_first_line(text)}")


def explain_creation(path: Path, error: duckdb.Error) -> AuditStoreError:
    """The error that a failure to create a store at `path` is."""
    reason = _first_line(str(error))
    return AuditStoreError(f"{path} cannot be created: {reason}; free some space, or check the folder")


def explain_input(error: duckdb.Error) -> AuditStoreError:
    """The error that a failure to turn input into rows is."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return InvalidFormat(
            "its records take more memory than an import may use; import the file in parts, or without its largest "
            "records"
        )
    return InvalidFormat(
        f"its records cannot be read in this format; name another --format ({_first_line(str(error))})"
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
