"""Reads a catalogue from a TOML file; an error names the line."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

from audit_store.catalogue import Catalogue
from audit_store.errors import InvalidFormat, reason, shorten

_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Outcome = Literal["success", "failure"]
_HEADER = re.compile(r"\s*\[(\[)?\s*[\"']?(\w+)[\"']?\s*\]")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")

_PATHS = 'give a list of paths in the metadata, such as ["request_id", "http.request.id"]'
_HINTS = {
    "other": "give the name of the category of all other activities",
    "built_in": "give true or false",
    "category": "give one [[category]] table for each category",
    "name": "give a text of at least one character",
    "activities": "give a list of at least one activity",
    "colour": "give a colour such as #0c7848",
    "login": "give one [login] table",
    "sensitive": "give a list of activities",
    "failure": "give a list of success, failure or both",
    "changes": 'give a list of pairs of keys, such as [["before", "after"]]',
    "request": _PATHS,
    "session": _PATHS,
}

Location = tuple[str | int, ...]
"""Where a value is in the file: keys, and positions in lists from 0."""


class _Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: _Name
    activities: tuple[_Name, ...]
    colour: Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")] | None = None


class _Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    activities: Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1)] = ("Login",)
    failure: tuple[_Outcome, ...] = ("failure",)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    other: _Name | None = None
    built_in: bool = True
    sensitive: tuple[_Name, ...] | None = None
    changes: tuple[tuple[_Name, _Name], ...] | None = None
    request: tuple[_Name, ...] | None = None
    session: tuple[_Name, ...] | None = None
    category: tuple[_Category, ...] = ()
    login: _Login | None = None


_OF_EVENTS = ("sensitive", "changes", "request", "session")
"""The lists of a file that replace those of the built-in one."""


class _InvalidValue(Exception):
    """A value that cannot be used, and where it stands."""

    def __init__(self, location: Location, message: str) -> None:
        super().__init__(message)
        self.location = location


def read(path: Path, over: Catalogue | None = None) -> Catalogue:
    """The catalogue of a file; the built-in one, if given, lies under it. Raises InvalidFormat."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFormat(f"catalogue {path}: {reason(error)}") from error
    try:
        declared = msgspec.convert(data, _File)
        own = _catalogue(declared, over.other if over and declared.built_in else "Other")
        return _merged(over, own, declared) if over and declared.built_in else own
    except msgspec.ValidationError as error:
        raise _invalid(path, text, *_explained(data, str(error))) from error
    except _InvalidValue as error:
        raise _invalid(path, text, error.location, str(error)) from error


def _catalogue(declared: _File, other: str) -> Catalogue:
    """The catalogue that a file alone declares. Raises _InvalidValue."""
    other = declared.other or other
    categories: dict[str, str] = {}
    names: list[str] = []
    for position, category in enumerate(declared.category):
        if category.name in (*names, other):
            raise _InvalidValue(
                ("category", position, "name"), f"{category.name!r} is taken; choose another name"
            )
        names.append(category.name)
        for index, activity in enumerate(category.activities):
            if activity in categories:
                raise _InvalidValue(
                    ("category", position, "activities", index),
                    f"{activity!r} is in {categories[activity]!r} and in {category.name!r}; keep it in one",
                )
            categories[activity] = category.name
    login = declared.login or _Login()
    return Catalogue(
        (*names, other),
        MappingProxyType(categories),
        tuple(dict.fromkeys(login.activities)),
        tuple(dict.fromkeys(login.failure)),
        MappingProxyType({c.name: c.colour for c in declared.category if c.colour}),
        **{key: tuple(dict.fromkeys(getattr(declared, key) or ())) for key in _OF_EVENTS},
    )


def _merged(built_in: Catalogue, own: Catalogue, declared: _File) -> Catalogue:
    """A file's catalogue over the built-in one. Raises _InvalidValue."""
    categories = {**built_in.category_by_activity, **own.category_by_activity}
    added = [name for name in own.categories[:-1] if name not in built_in.categories]
    names = [name for name in built_in.categories[:-1] if name in categories.values()] + added
    if own.other in names:
        raise _InvalidValue(("other",), f"{own.other!r} is the name of a category; choose another one")
    merged = replace(own, categories=(*names, own.other), category_by_activity=MappingProxyType(categories))
    if declared.login is None:
        merged = replace(merged, logins=built_in.logins, failures=built_in.failures)
    return replace(
        merged, **{key: getattr(built_in, key) for key in _OF_EVENTS if getattr(declared, key) is None}
    )


def _explained(data: object, error: str) -> tuple[Location, str]:
    """Where a validation error of msgspec is, and what is wrong there."""
    message, _, where = error.partition(" - at ")
    location: Location = tuple(
        int(index) if index else key for key, index in _STEP.findall(where.strip("`$"))
    )
    if field := re.search(r"unknown field `(.+)`", message):
        keys = (_Login if "login" in location else _Category if location else _File).__struct_fields__
        return (*location, field[1]), f"unknown key; give one of {', '.join(keys)}"
    if field := re.search(r"missing required field `(.+)`", message):
        return location, f"{field[1]} is missing; {_HINTS[field[1]]}"
    key = next(step for step in reversed(location) if isinstance(step, str))
    return location, f"{shorten(_value(data, location))} is not allowed; {_HINTS[key]}"


def _invalid(file: Path, text: str, location: Location, message: str) -> InvalidFormat:
    steps = [f"{step + 1}" if isinstance(step, int) else step for step in location]
    line = _line(text.splitlines(), location, _value(tomllib.loads(text), location))
    return InvalidFormat(f"catalogue {file}, line {line}: {' '.join(steps)}: {message}")


def _value(data: object, location: Location) -> object:
    """The value at a location; None where there is none."""
    for step in location:
        try:
            data = data[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _line(lines: Sequence[str], location: Location, value: object) -> int:
    """The line, from 1, of the value or, where it cannot be found, of the last key of its location."""
    first, last = 0, len(lines)
    if len(location) > 1:
        position = location[1] if isinstance(location[1], int) else 0
        sections = list(_sections(lines, str(location[0])))
        if position < len(sections):
            first, last = sections[position]
    key = next((step for step in reversed(location) if isinstance(step, str)), "")
    start = _first(lines, range(first, last), rf"\s*\[*\s*[\"']?{re.escape(key)}\b") or first
    if isinstance(location[-1], int) and isinstance(value, str):
        start = _first(lines, range(start, last), rf".*[\"']{re.escape(value)}[\"']") or start
    return start + 1


def _first(lines: Sequence[str], numbers: range, pattern: str) -> int | None:
    return next((number for number in numbers if re.match(pattern, lines[number])), None)


def _sections(lines: Sequence[str], table: str) -> Iterator[tuple[int, int]]:
    """First line and end of every section that begins with the header of this table."""
    headers = [(number, match[2]) for number, line in enumerate(lines) if (match := _HEADER.match(line))]
    ends = [number for number, _ in headers[1:]] + [len(lines)]
    yield from ((number, end) for (number, name), end in zip(headers, ends, strict=False) if name == table)
