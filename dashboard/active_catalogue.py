"""The catalogue in use: the built-in one, or the viewer's own file on top of it."""

import os
from functools import lru_cache
from pathlib import Path

from audit_store import catalogue
from audit_store.catalogue import Catalogue, load_over
from audit_store.errors import InvalidFormat
from audit_store.store_files import default_store


def activities() -> Catalogue:
    """The catalogue in use; a changed file applies from the next run of a page."""
    return _load()[0]


def problem() -> str | None:
    """What is wrong with the viewer's own file: file, line, value and remedy. None where nothing is."""
    return _load()[1]


def _load() -> tuple[Catalogue, str | None]:
    configured = os.environ.get("AUDIT_CATALOGUE")
    path = Path(configured) if configured else default_store().with_name("catalogue.toml")
    try:
        status = path.stat()
    except OSError as error:
        missing = f"catalogue {path}: {error.strerror}; correct AUDIT_CATALOGUE" if configured else None
        return catalogue.load(), missing
    return _read(path, (status.st_mtime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=8)
def _read(path: Path, _version: tuple[int, ...]) -> tuple[Catalogue, str | None]:
    try:
        return load_over(path), None
    except InvalidFormat as error:
        return catalogue.load(), f"{error}. Using the built-in catalogue until the file is fixed."
