"""The catalogue in force: the built-in one, with the reader's own file over it."""

import os
from functools import lru_cache
from pathlib import Path

from audit_store import catalogue
from audit_store.catalogue import Catalogue, load_over
from audit_store.errors import InvalidFormat
from ingest import default_store


def activities() -> Catalogue:
    """The catalogue of now; a changed file counts from the next run of a page on."""
    return _look()[0]


def problem() -> str | None:
    """What is wrong with the reader's own file, with file, line, value and remedy."""
    return _look()[1]


def _look() -> tuple[Catalogue, str | None]:
    named = os.environ.get("AUDIT_CATALOGUE")
    path = Path(named) if named else default_store().with_name("catalogue.toml")
    try:
        found = path.stat()
    except OSError as error:
        missing = f"catalogue {path}: {error.strerror}; correct AUDIT_CATALOGUE" if named else None
        return catalogue.load(), missing
    return _read(path, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=8)
def _read(path: Path, _version: tuple[int, ...]) -> tuple[Catalogue, str | None]:
    try:
        return load_over(path), None
    except InvalidFormat as error:
        return catalogue.load(), f"{error}. Until it is mended, the built-in catalogue is used."
