"""The known activities and their categories, read from a TOML file."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from audit_store.errors import InvalidFormat, shorten
from audit_store.event import OUTCOMES

MAX_CATEGORIES = 8
BUILT_IN = Path(__file__).with_name("catalogue.toml")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Activity → category, in the order of the file.

    `categories` ends with `other`, the category of every activity the catalogue does not name; there are at
    most 8, so that each keeps a colour of its own in every chart. `logins` are the activities that count as
    a login, and `failures` the outcomes that make one a failed login. `colours` (#rrggbb) are those that the
    file gives to categories.
    """

    categories: tuple[str, ...]
    category_by_activity: Mapping[str, str]
    logins: tuple[str, ...] = ("Login",)
    failures: tuple[str, ...] = ("failure",)
    colours: Mapping[str, str] = field(default_factory=dict)

    @property
    def other(self) -> str:
        """The category of activities that the catalogue does not name."""
        return self.categories[-1]

    def category(self, activity: str) -> str:
        """The category of one activity."""
        return self.category_by_activity.get(activity, self.other)

    def grouped(self, activities: Iterable[str]) -> list[str]:
        """The activities ordered by category, then by name: the order of every list of activities."""
        order = {name: place for place, name in enumerate(self.categories)}
        return sorted(activities, key=lambda activity: (order[self.category(activity)], activity.lower()))


@cache
def load(path: Path = BUILT_IN) -> Catalogue:
    """The catalogue in a TOML file.

    Raises InvalidFormat, naming the file and the entry, for a file that is no TOML or of another shape, an
    activity in two categories, a category that stands twice, more than 8 categories, or logins that cannot be
    told: no activity, or an outcome that no event has.
    """
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFormat(f"catalogue {path}: {error}") from error


def parse(data: dict[str, Any]) -> Catalogue:
    """The catalogue of a TOML file's content. Raises ValueError as `load` raises InvalidFormat."""
    _only_keys("the file", data, "other", "category", "login")
    other = _text("other", data.get("other", "Other"))
    names: list[str] = []
    known: dict[str, str] = {}
    colours: dict[str, str] = {}
    for place, entry in enumerate(_list_of("category", data.get("category", []), dict), start=1):
        name, activities = _entry(f"category {place}", entry)
        if name in (*names, other):
            raise ValueError(
                f"category {place}: the name {name!r} is taken; give each category one of its own"
            )
        names.append(name)
        if "colour" in entry:
            colours[name] = _hex(f"category {place} ({name}): colour", entry["colour"])
        for activity in activities:
            if activity in known:
                raise ValueError(
                    f"{activity!r} stands in {known[activity]!r} and in {name!r}; keep it in one"
                )
            known[activity] = name
    if len(names) >= MAX_CATEGORIES:
        raise ValueError(f"{len(names)} categories; {MAX_CATEGORIES - 1} and `other` is the most")
    login = _login(data.get("login", {}))
    return Catalogue((*names, other), MappingProxyType(known), *login, colours=MappingProxyType(colours))


def _login(table: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The activities that are logins, and the outcomes of failed ones."""
    if not isinstance(table, dict):
        raise ValueError(f"login is {shorten(table)}; give one [login] table")  # noqa: TRY004 - it is a value
    _only_keys("login", table, "activities", "failure")
    names = _list_of("login: activities", table.get("activities", ["Login"]), str)
    activities = tuple(dict.fromkeys(_text("login: activities", name) for name in names))
    failures = tuple(dict.fromkeys(_list_of("login: failure", table.get("failure", ["failure"]), str)))
    if not activities:
        raise ValueError("login: activities is empty; name at least one activity that is a login")
    for outcome in failures:
        if outcome not in OUTCOMES:
            raise ValueError(f"login: failure has {outcome!r}; give one of {', '.join(OUTCOMES)}")
    return activities, failures


def _entry(place: str, entry: dict[str, Any]) -> tuple[str, list[str]]:
    _only_keys(place, entry, "name", "activities", "colour")
    name = _text(f"{place}: name", entry.get("name"))
    activities = _list_of(f"{place} ({name}): activities", entry.get("activities"), str)
    return name, [_text(f"{place} ({name}): activities", activity) for activity in activities]


def _only_keys(place: str, table: dict[str, Any], *allowed: str) -> None:
    for key in table:
        if key not in allowed:
            raise ValueError(f"{place}: the key {key!r} is not known; there are {' and '.join(allowed)}")


def _text(place: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{place} is {value!r}; give a text of at least one character")
    return value


def _hex(place: str, value: object) -> str:
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        raise ValueError(f"{place} is {shorten(value)}; give one such as #0c7848")
    return value


def _list_of(place: str, value: object, kind: type[_Kind]) -> list[_Kind]:
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        wanted = "a list of texts" if kind is str else "one [[category]] table for each category"
        raise ValueError(f"{place} is {shorten(value)}; give {wanted}")
    return value
