"""Saved views: filters under a name, in `<store>.views.json`, beside the store and not in it.

The file is `{"version": 1, "views": {name: {parameter: [value, …]}}}`, parameters as in the URL. Each change
reads it anew and replaces it whole, under a lock, so that two readers who save at once both keep their view.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from audit_store.errors import AuditStoreError, InvalidFormat, shorten
from audit_store.filters import LISTS, SINGLE

NAME_MAX = 80
MOST = 200
Parameters = dict[str, list[str]]
_VERSION = 1


def path_of(store: Path) -> Path:
    """The file of a store's saved views."""
    return store.with_name(f"{store.name}.views.json")


def load(store: Path) -> dict[str, Parameters]:
    """Every saved view by its name, in the order of the alphabet; none where there is no file.

    Raises InvalidFormat, naming file and value, for a file that holds something else.
    """
    path = path_of(store)
    try:
        return _views(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFormat(
            f"{path} cannot be read as saved views: {error}. It was left as it is; mend it or move it away"
        ) from error


def save(store: Path, name: str, filters: Mapping[str, Sequence[str]], *, replace: bool = False) -> None:
    """Keep filters under a name. Raises InvalidFormat as `load`, AuditStoreError for a name that cannot be.

    A name that is taken is kept as it is unless `replace`. Raises OSError where the file cannot be written.
    """
    if not name.strip() or len(name) > NAME_MAX:
        raise AuditStoreError(f"the name {shorten(name)} was not saved: give 1 to {NAME_MAX} characters")
    with _alone(store):
        views = load(store)
        if name in views and not replace:
            raise AuditStoreError(f"{shorten(name)} is there already: choose another name, or overwrite it")
        if len(views) >= MOST and name not in views:
            raise AuditStoreError(f"{shorten(name)} was not saved: there are {MOST} views; delete one first")
        _write(path_of(store), views | {name: {key: list(values) for key, values in filters.items()}})


def delete(store: Path, name: str) -> None:
    """Forget a view; one that is gone already is no error. Raises as `save`."""
    with _alone(store):
        views = load(store)
        if views.pop(name, None) is not None:
            _write(path_of(store), views)


def _views(data: Any) -> dict[str, Parameters]:
    if not isinstance(data, dict) or data.get("version") != _VERSION:
        raise ValueError(f"it holds {shorten(data)}, not views of version {_VERSION}")
    views = data.get("views")
    if not isinstance(views, dict):
        raise ValueError(f"its views are {shorten(views)}, not names with filters")  # noqa: TRY004 - it is a value
    for name, filters in views.items():
        if not _are_filters(filters):
            raise ValueError(f"the view {shorten(name)} has {shorten(filters)}, not filters of the URL")
    return dict(sorted(views.items(), key=lambda view: view[0].lower()))


def _are_filters(filters: Any) -> bool:
    return isinstance(filters, dict) and all(
        name in (*SINGLE, *LISTS) and isinstance(values, list) and all(isinstance(one, str) for one in values)
        for name, values in filters.items()
    )


@contextlib.contextmanager
def _alone(store: Path) -> Iterator[None]:
    with store.with_name(f"{store.name}.views.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, views: Mapping[str, Parameters]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"version": _VERSION, "views": views}, file, ensure_ascii=True, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
