"""The values of a field as a condition over `events`."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from audit_store.engines.duckdb.conditions.networks import network_condition
from audit_store.filters import Field, Pattern, Selection
from audit_store.filters.addresses import Network, network
from audit_store.filters.fields import NO_VALUE


def selection_condition(selection: Selection, name: str) -> tuple[str, dict[str, Any]]:
    """Whether an event has one of the values, or has none of those that are excluded.

    `name` begins the names of the parameters.
    """
    params: dict[str, Any] = {}
    text = selection.field.name
    if selection.field.path:
        text = f"json_extract_string(metadata, ${name}_path)"
        params[f"{name}_path"] = _pointer(selection.field.path)
    alternatives = " OR ".join(_alternatives(selection, text, name, params))
    # Of an event without a value, the alternatives are NULL.
    return f"({alternatives}){' IS NOT TRUE' if selection.is_excluded else ''}", params


def _alternatives(selection: Selection, text: str, name: str, params: dict[str, Any]) -> Iterator[str]:
    field, numbers = selection.field, count(1)
    names = [value for value in selection.values if isinstance(value, str)]
    missing = f"{text} = ''" if field.name == "source" else f"{text} IS NULL"
    if listed := [value for value in names if not (field.choices and value == NO_VALUE)]:
        params[name] = listed
        # One value as such: DuckDB compares with it while it reads. A list becomes a join.
        yield f"{text} = ${name}[1]" if len(listed) == 1 else f"{text} = ANY(${name})"
    if field.can_be_missing and NO_VALUE in names:
        yield missing
    for pattern in (value for value in selection.values if isinstance(value, Pattern)):
        if pattern.text:
            parameter = f"{name}_{next(numbers)}"
            params[parameter] = pattern.text
            yield f"{_function(pattern)}({text}, ${parameter})"
        else:
            yield f"NOT ({missing})"
    for address in _networks(field, names):
        yield network_condition(text, address, f"{name}_{next(numbers)}", params)


def _function(pattern: Pattern) -> str:
    if pattern.before and pattern.after:
        return "contains"
    return "suffix" if pattern.before else "starts_with"


def _networks(field: Field, names: Sequence[str]) -> Iterator[Network]:
    if field.name == "source_ip":
        yield from filter(None, map(network, names))


def _pointer(path: Sequence[str]) -> str:
    """The JSON Pointer (RFC 6901) of the keys."""
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in path)
