"""The saved views: the parameters of a filter under a name, and which of them the dashboard opens with."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from audit_store.errors import AuditStoreError, InvalidFormat, reason, shorten
from audit_store.filters import is_parameter
from audit_store.state import json_files
from audit_store.state.database import Connection, decoded

Parameters = dict[str, list[str]]
"""The values of each parameter, as in the URL."""


def read(store: Path) -> dict[str, Parameters]:
    """Every saved view by its name, in alphabetical order. Raises what `json_files.reading` raises."""
    with json_files.reading(store, _TABLE) as connection:
        rows = connection.execute("SELECT name, parameters FROM views").fetchall()
    return {name: decoded(store, text) for name, text in sorted(rows, key=lambda row: str(row[0]).lower())}


def save(
    store: Path, name: str, parameters: Mapping[str, Sequence[str]], *, replace: bool, at_most: int
) -> None:
    """Keep a view; durable when this returns.

    Raises AuditStoreError for a name that is taken, unless `replace`, and for a further view beyond `at_most`, and
    what `json_files.transaction` raises.
    """
    with json_files.transaction(store, _TABLE) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM views")}
        if name in names and not replace:
            raise AuditStoreError(f"{shorten(name)} exists; choose another name, or replace it")
        if name not in names and len(names) >= at_most:
            raise AuditStoreError(f"{shorten(name)} was not saved: {at_most} views exist; delete one first")
        _insert(connection, name, parameters)


def rename(store: Path, name: str, new: str) -> None:
    """Give a view another name.

    Raises AuditStoreError for a name that is taken and for a view that is not there, and what
    `json_files.transaction` raises.
    """
    with json_files.transaction(store, _TABLE) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM views")}
        if name not in names:
            raise AuditStoreError(f"{shorten(name)} was not renamed: somebody has renamed or deleted it")
        if new != name and new in names:
            raise AuditStoreError(f"{shorten(new)} exists; choose another name")
        for table in ("views", "default_view"):
            connection.execute(f"UPDATE {table} SET name = ? WHERE name = ?", (new, name))


def delete(store: Path, name: str) -> None:
    """Delete a view; nothing happens where there is none. Raises what `json_files.transaction` raises."""
    with json_files.transaction(store, _TABLE) as connection:
        for table in ("views", "default_view"):
            connection.execute(f"DELETE FROM {table} WHERE name = ?", (name,))


def default(store: Path) -> str | None:
    """The name of the view that the dashboard opens with. Raises what `json_files.reading` raises."""
    with json_files.reading(store, _TABLE) as connection:
        row = connection.execute("SELECT name FROM default_view").fetchone()
    return None if row is None else str(row[0])


def set_default(store: Path, name: str | None) -> None:
    """Let the dashboard open with a view, or with none. Raises what `json_files.transaction` raises."""
    with json_files.transaction(store, _TABLE) as connection:
        connection.execute("DELETE FROM default_view")
        if name is not None:
            connection.execute("INSERT INTO default_view (id, name) VALUES (1, ?)", (name,))


def json_path(store: Path) -> Path:
    """The JSON file of views: `{"version": 1, "views": {name: {parameter: [value, …]}}}`."""
    return store.with_name(f"{store.name}.views.json")


def _insert(connection: Connection, name: str, parameters: Mapping[str, Sequence[str]]) -> None:
    text = json.dumps({key: list(values) for key, values in parameters.items()})
    connection.execute("INSERT OR REPLACE INTO views (name, parameters) VALUES (?, ?)", (name, text))


def _copy(connection: Connection, store: Path) -> None:
    """Insert the views of the JSON file. Raises InvalidFormat, naming file and value, for any other content."""
    path = json_path(store)
    try:
        views = _checked(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFormat(
            f"{path} does not hold saved views: {reason(error)}; correct it or move it away"
        ) from error
    for name, parameters in views.items():
        _insert(connection, json_files.well_formed(name), parameters)


def _checked(content: Any) -> dict[str, Parameters]:
    if not isinstance(content, dict) or content.get("version") != 1:
        raise ValueError(f"{shorten(content)} is not an object with version 1")
    views = content.get("views")
    if not isinstance(views, dict):
        raise ValueError(f"its views are {shorten(views)}, not an object")  # noqa: TRY004 - it is a value
    for name, parameters in views.items():
        if not _are_parameters(parameters):
            raise ValueError(f"the view {shorten(name)} has {shorten(parameters)}, not filters of the URL")
    return views


def _are_parameters(parameters: Any) -> bool:
    return isinstance(parameters, dict) and all(
        is_parameter(name) and isinstance(values, list) and all(isinstance(value, str) for value in values)
        for name, values in parameters.items()
    )


_TABLE = json_files.Table("views", _copy)
