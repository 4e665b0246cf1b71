"""A reader's own catalogue file, merged over the built-in one; what is wrong with it is said by line.

The file has the shape of the built-in one. A category of a built-in name gets more activities, another name is a
category of its own, and an activity that stands in both moves to where the reader's file puts it. A built-in category
that has lost all its activities is gone; with `built_in = false` all of them are.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from audit_store import catalogue
from audit_store.catalogue import MAX_CATEGORIES, Catalogue
from audit_store.errors import InvalidFormat, shorten

_ENTRY = re.compile(r"\s*\[\[\s*[\"']?category[\"']?\s*\]\]")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_NUMBER = re.compile(r"category (\d+)")
_KEYS = ("colour", "activities", "failure", "name", "other", "login", "built_in", "category")


def load_over(path: Path) -> Catalogue:
    """The built-in catalogue with the file's entries over it.

    Raises InvalidFormat, naming the file, the line and the value, as `catalogue.load` does, and for more than
    8 categories together with the built-in ones.
    """
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        return _over(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InvalidFormat(f"catalogue {path}: {error}") from error
    except (OSError, ValueError, RecursionError) as error:
        line = f", line {_line(text.splitlines(), str(error))}" if text else ""
        raise InvalidFormat(f"catalogue {path}{line}: {error}") from error


def _over(data: dict[str, Any]) -> Catalogue:
    kept = data.pop("built_in", True)
    if not isinstance(kept, bool):
        raise ValueError(f"built_in is {shorten(kept)}; give true or false")  # noqa: TRY004 - it is a value
    built = catalogue.load()
    if not kept:
        return catalogue.parse(data)
    own = catalogue.parse({"other": built.other} | data)
    known = {**built.category_by_activity, **own.category_by_activity}
    added = [name for name in own.categories[:-1] if name not in built.categories]
    names = [name for name in built.categories[:-1] if name in known.values()] + added
    if own.other in names:
        raise ValueError(f"other is {own.other!r}, the name of a category; give it one of its own")
    if len(names) >= MAX_CATEGORIES:
        raise ValueError(
            f"{added[-1]!r} makes {len(names)} categories with the built-in ones; {MAX_CATEGORIES - 1} and `other` "
            "is the most. Use a built-in name, take all activities of one over, or write built_in = false"
        )
    merged = replace(own, categories=(*names, own.other), category_by_activity=MappingProxyType(known))
    return merged if "login" in data else replace(merged, logins=built.logins, failures=built.failures)


def _line(lines: list[str], message: str) -> int:
    """The line that a message speaks of, counted from 1: TOML that could be read tells no lines."""
    starts = [number for number, line in enumerate(lines) if _ENTRY.match(line)]
    numbered = _NUMBER.match(message)
    first, last = 0, len(lines)
    if numbered and int(numbered[1]) <= len(starts):
        first = starts[int(numbered[1]) - 1]
        last = min((start for start in starts if start > first), default=last)
    for word in _words(message):
        found = [number for number in range(first, last) if word in lines[number]]
        if found:
            # Of a name that stands twice, the second is one too many.
            return found[-1] + 1
    return first + 1


def _words(message: str) -> Iterator[str]:
    """What the message quotes from the file, then the keys that it names."""
    yield from (f'"{one or two}"' for one, two in _QUOTED.findall(message))
    yield from (one or two for one, two in _QUOTED.findall(message) if one or two)
    yield from (key for key in _KEYS if re.search(rf"\b{key}\b", message))
