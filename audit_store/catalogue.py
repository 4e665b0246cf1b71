"""The known activities and their categories; in use is the built-in catalogue, or your own file on top of it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from audit_store.errors import InvalidFormat

BUILT_IN = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Activity → category, in the order of the file.

    `categories` ends with `other`, the category of every activity the catalogue does not name. `logins` are the
    activities that count as a login, and `failures` the outcomes that make one a failed login. `colours`
    (#rrggbb) are those that the file gives to categories. `sensitive` are the activities after which an alarm is worse.

    Of metadata, `changes` are pairs of keys under which values stand before and after a change, and `request` and
    `session` the paths of the value that events of one request, or one session, have in common.
    """

    categories: tuple[str, ...]
    category_by_activity: Mapping[str, str]
    logins: tuple[str, ...] = ("Login",)
    failures: tuple[str, ...] = ("failure",)
    colours: Mapping[str, str] = field(default_factory=dict)
    sensitive: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    request: tuple[str, ...] = ()
    session: tuple[str, ...] = ()

    @property
    def other(self) -> str:
        """The category of activities that the catalogue does not name."""
        return self.categories[-1]

    def category(self, activity: str) -> str:
        """The category of one activity."""
        return self.category_by_activity.get(activity, self.other)

    def grouped(self, activities: Iterable[str]) -> list[str]:
        """The activities ordered by category, then by name: the order of every list of activities."""
        order = {name: position for position, name in enumerate(self.categories)}
        return sorted(activities, key=lambda activity: (order[self.category(activity)], activity.lower()))


@cache
def load(path: Path = BUILT_IN) -> Catalogue:
    """The catalogue in a TOML file.

    Raises InvalidFormat, naming the file, the line and the value: for a file that is not TOML or has another
    shape, an activity in two categories, a category that occurs twice, or a [login] table without an activity.
    """
    from audit_store.catalogue_file import read

    return read(path)


def load_over(path: Path) -> Catalogue:
    """The built-in catalogue with the entries of a file over it; the file has the shape of the built-in one.

    A category with a built-in name gets more activities, another name is a category of its own, and an activity
    that is in both files belongs to the category of `path`. A built-in category that has lost all its activities
    is dropped; with `built_in = false` all of them are. Raises InvalidFormat as `load` does.
    """
    from audit_store.catalogue_file import read

    return read(path, over=load())


def in_use(store: Path) -> Catalogue:
    """The catalogue in use for a store; a changed file applies from the next call."""
    return _load(store)[0]


def problem_in_use(store: Path) -> str | None:
    """What is wrong with your own file: file, line, value and remedy. None where nothing is."""
    return _load(store)[1]


def _load(store: Path) -> tuple[Catalogue, str | None]:
    configured = os.environ.get("AUDIT_CATALOGUE")
    path = Path(configured) if configured else store.with_name("catalogue.toml")
    try:
        status = path.stat()
    except OSError as error:
        missing = f"catalogue {path}: {error.strerror}; correct AUDIT_CATALOGUE" if configured else None
        return load(), missing
    return _read(path, (status.st_mtime_ns, status.st_size, status.st_ino))


@lru_cache(maxsize=8)
def _read(path: Path, _version: tuple[int, ...]) -> tuple[Catalogue, str | None]:
    try:
        return load_over(path), None
    except InvalidFormat as error:
        return load(), f"{error}. Using the built-in catalogue until the file is fixed."
