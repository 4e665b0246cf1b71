"""Saved views: filters under a name, kept beside the store for everyone who uses it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from audit_store.errors import AuditStoreError, shorten
from audit_store.state import views
from audit_store.state.views import Parameters

NAME_MAX = 80
MOST = 200

__all__ = ["MOST", "NAME_MAX", "Parameters", "delete", "load", "save"]


def load(store: Path) -> dict[str, Parameters]:
    """Every saved view by its name, in alphabetical order; none where nothing was saved.

    Raises AuditStoreError, which names the file that cannot be read.
    """
    return views.read(store)


def save(store: Path, name: str, filters: Mapping[str, Sequence[str]], *, replace: bool = False) -> None:
    """Keep filters under a name.

    A name that is taken is kept as it is unless `replace`. Raises AuditStoreError for such a name, for one that is
    empty or longer than NAME_MAX characters, for more than MOST views, and where the file cannot be written.
    """
    if not name.strip() or len(name) > NAME_MAX:
        raise AuditStoreError(f"the name {shorten(name)} was not saved: give 1 to {NAME_MAX} characters")
    views.save(store, name, filters, replace=replace, at_most=MOST)


def delete(store: Path, name: str) -> None:
    """Delete a view; nothing happens where there is none. Raises AuditStoreError where the file cannot be written."""
    views.delete(store, name)
