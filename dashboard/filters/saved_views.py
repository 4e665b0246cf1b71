"""Saved views: filters under a name, and which of them opens first, kept beside the store for everyone who uses it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from audit_store.errors import AuditStoreError, shorten
from audit_store.state import views
from audit_store.state.views import Parameters

NAME_MAX = 80
MOST = 200
PAGE = "page_name"
"""What a view has beside the parameters of the URL: the name of its page."""

__all__ = [
    "MOST",
    "NAME_MAX",
    "PAGE",
    "Parameters",
    "default",
    "delete",
    "load",
    "rename",
    "save",
    "set_default",
]


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
    _check(name)
    views.save(store, name, filters, replace=replace, at_most=MOST)


def rename(store: Path, name: str, new: str) -> None:
    """Give a view another name.

    Raises AuditStoreError for a name that `save` refuses, for a view that is not there any more, and where the file
    cannot be written.
    """
    _check(new)
    views.rename(store, name, new)


def default(store: Path) -> str | None:
    """The name of the view that opens first. Raises as `load`."""
    return views.default(store)


def set_default(store: Path, name: str | None) -> None:
    """Let a view open first, or none. Raises AuditStoreError where the file cannot be written."""
    views.set_default(store, name)


def delete(store: Path, name: str) -> None:
    """Delete a view; nothing happens where there is none. Raises AuditStoreError where the file cannot be written."""
    views.delete(store, name)


def _check(name: str) -> None:
    if not name.strip() or len(name) > NAME_MAX:
        raise AuditStoreError(f"the name {shorten(name)} was not saved: give 1 to {NAME_MAX} characters")
