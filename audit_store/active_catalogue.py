"""The catalogue in use: the built-in one, or your own file on top of it, in every command and the dashboard."""

import os
from functools import lru_cache
from pathlib import Path

from audit_store import catalogue
from audit_store.catalogue import Catalogue, load_over
from audit_store.errors import InvalidFormat


def catalogue_of(store: Path) -> Catalogue:
    """The catalogue in use for a store; a changed file applies from the next call."""
    return _load(store)[0]


def problem_of(store: Path) -> str | None:
    """What is wrong with your own file: file, line, value and remedy. None where nothing is."""
    return _load(store)[1]


def _load(store: Path) -> tuple[Catalogue, str | None]:
    configured = os.environ.get("AUDIT_CATALOGUE")
    path = Path(configured) if configured else store.with_name("catalogue.toml")
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
